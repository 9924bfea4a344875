package revtree_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/golden"
)

// The cases of revtrees.json. Documents are compared as wholes, so what a recorded answer holds and a tree does not say is a failure too.
type (
	goldenCase struct {
		N                int
		Kind             string
		RevsLimit        int `json:"revs_limit"`
		RevsLimitLowered int `json:"revs_limit_lowered"`
		Writes           []struct {
			Docs   []goldenDoc
			Put    bool
			Winner string
		}
		Reads           map[string]goldenRead
		RevGets         []goldenRevGet `json:"rev_gets"`
		OpenRevs        goldenOpenRevs `json:"open_revs"`
		OpenRevsLatest  goldenOpenRevs `json:"open_revs_latest"`
		Changes         []goldenChange
		ChangesMainOnly []goldenChange `json:"changes_main_only"`
		RevsDiff        []struct {
			Req  map[string][]string
			Resp map[string]goldenDiff
		} `json:"revs_diff"`
		MissingRevs struct {
			Req  map[string][]string
			Resp struct {
				MissingRevs map[string][]string `json:"missing_revs"`
			}
		} `json:"missing_revs"`
		DocCount map[string]int `json:"doc_count"`
	}
	goldenDoc struct {
		ID               string           `json:"_id"`
		Rev              string           `json:"_rev"`
		Deleted          bool             `json:"_deleted"`
		V                json.RawMessage  `json:"v"`
		Revisions        *goldenRevisions `json:"_revisions"`
		RevsInfo         []goldenRevInfo  `json:"_revs_info"`
		Conflicts        []string         `json:"_conflicts"`
		DeletedConflicts []string         `json:"_deleted_conflicts"`
		LocalSeq         int              `json:"_local_seq"`
		Error            string           `json:"error"`
		Reason           string           `json:"reason"`
	}
	goldenRevisions struct {
		Start uint64
		IDs   []string
	}
	goldenRevInfo struct{ Rev, Status string }
	goldenRead    struct {
		Status int
		Body   json.RawMessage
	}
	goldenRevGet struct {
		Rev    string
		Revs   bool
		Status int
		Body   goldenDoc
	}
	goldenOpenRevs struct {
		Revs []string
		Body []goldenOpenRev
	}
	goldenOpenRev struct {
		OK      *goldenDoc
		Missing string
	}
	goldenChange struct {
		Seq     string
		Deleted bool
		Changes []struct{ Rev string }
	}
	goldenDiff struct {
		Missing           []string
		PossibleAncestors []string `json:"possible_ancestors"`
	}
)

func TestRecordedTrees(t *testing.T) {
	t.Parallel()
	var file struct{ Cases []goldenCase }
	golden.Load(t, "revtrees.json", &file)
	require.Len(t, file.Cases, 228)
	for _, recorded := range file.Cases {
		t.Run(fmt.Sprintf("%d %s", recorded.N, recorded.Kind), func(t *testing.T) {
			t.Parallel()
			doc := &model{limit: 1000, bodies: map[uint64]json.RawMessage{}}
			if recorded.RevsLimit > 0 {
				doc.setLimit(recorded.RevsLimit)
			}
			for i, write := range recorded.Writes {
				if recorded.RevsLimitLowered > 0 && i == len(recorded.Writes)-1 {
					doc.setLimit(recorded.RevsLimitLowered)
				}
				doc.write(t, write.Docs)
				winner := doc.tree.Winner()
				if winner.Deleted {
					require.Equal(t, "deleted", write.Winner, "winner after write %d", i)
				} else {
					require.Equal(t, winner.Rev.String(), write.Winner, "winner after write %d", i)
				}
			}
			doc.compareReads(t, recorded.Reads)
			doc.compareRevs(t, recorded)
			doc.compareChanges(t, recorded)
			doc.compareDiffs(t, recorded)
		})
	}
}
