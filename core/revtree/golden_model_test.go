package revtree_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// model is the least that a store does around a tree.
type model struct {
	tree    revtree.Tree
	limit   int
	bodies  map[uint64]json.RawMessage
	written uint64
	seq     int // the database's
	docSeq  int // of the document's last change
}

func (m *model) setLimit(limit int) {
	m.limit = limit
	m.seq++
}

func (m *model) write(t *testing.T, docs []goldenDoc) {
	before := m.tree
	merged := before
	for _, doc := range docs {
		newest := rev(t, doc.Rev)
		p := revtree.Path{Revisions: core.Revisions{Start: newest.Generation, Hashes: []string{newest.Hash}}, Deleted: doc.Deleted}
		if doc.Revisions != nil {
			p.Revisions = core.Revisions{Start: doc.Revisions.Start}
			for _, id := range doc.Revisions.IDs {
				hash, err := core.ParseHash(id)
				require.NoError(t, err)
				p.Revisions.Hashes = append(p.Revisions.Hashes, hash)
			}
		}
		m.written++
		p.Body = m.written
		merged, _ = merged.Merge(p)
		if node, _ := merged.Lookup(newest); node.Body == p.Body {
			m.bodies[p.Body] = doc.V
		}
	}
	require.NoError(t, merged.Check())
	stemmed, gone := merged.Stem(m.limit)
	require.NoError(t, stemmed.Check())
	for _, body := range gone {
		require.Contains(t, m.bodies, body)
		delete(m.bodies, body)
	}
	for node := range stemmed.All() {
		if node.Body != 0 {
			require.Contains(t, m.bodies, node.Body)
		}
	}
	encoded := stemmed.Append(nil)
	decoded, err := revtree.Decode(encoded)
	require.NoError(t, err)
	require.True(t, decoded.Equal(stemmed))
	m.tree = decoded
	if !decoded.Equal(before) {
		m.seq++
		m.docSeq = m.seq
	}
}

// doc is the document as a read with these options shows it.
func (m *model) doc(t *testing.T, node revtree.Node, options string) goldenDoc {
	doc := goldenDoc{ID: "d", Rev: node.Rev.String(), Deleted: node.Deleted, V: m.bodies[node.Body]}
	if options == "revs" {
		ancestry, found := m.tree.Ancestry(node.Rev)
		require.True(t, found)
		doc.Revisions = &goldenRevisions{Start: ancestry.Start}
		for _, hash := range ancestry.Hashes[:min(len(ancestry.Hashes), m.limit)] {
			doc.Revisions.IDs = append(doc.Revisions.IDs, core.FormatHash(hash))
		}
	}
	if options == "revs_info" || options == "meta" {
		for _, info := range m.tree.RevsInfo(node.Rev) {
			doc.RevsInfo = append(doc.RevsInfo, goldenRevInfo{info.Rev.String(), info.Status})
		}
	}
	if options == "conflicts" || options == "meta" {
		doc.Conflicts = strings.Fields(words(m.tree.Conflicts()))
	}
	if options == "deleted_conflicts" || options == "meta" {
		doc.DeletedConflicts = strings.Fields(words(m.tree.DeletedConflicts()))
	}
	if options == "local_seq" {
		doc.LocalSeq = m.docSeq
	}
	if len(doc.Conflicts) == 0 {
		doc.Conflicts = nil
	}
	if len(doc.DeletedConflicts) == 0 {
		doc.DeletedConflicts = nil
	}
	return doc
}

func (m *model) compareReads(t *testing.T, reads map[string]goldenRead) {
	for name, read := range reads {
		if options, found := strings.CutPrefix(name, "open_revs_all"); found {
			var expected []goldenOpenRev
			require.NoError(t, json.Unmarshal(read.Body, &expected))
			var actual []goldenOpenRev
			for _, leaf := range ascending(m.tree.Leaves()) {
				doc := m.doc(t, leaf, strings.TrimPrefix(options, "_"))
				actual = append(actual, goldenOpenRev{OK: &doc})
			}
			assert.Equal(t, expected, actual, name)
			continue
		}
		var expected goldenDoc
		require.NoError(t, json.Unmarshal(read.Body, &expected))
		winner := m.tree.Winner()
		if read.Status == 404 {
			assert.True(t, winner.Deleted, name)
			assert.Equal(t, "deleted", expected.Reason, name)
			continue
		}
		require.Contains(t, []string{"get", "conflicts", "deleted_conflicts", "revs", "revs_info", "meta", "local_seq"}, name)
		assert.Equal(t, expected, m.doc(t, winner, name), name)
	}
}

func (m *model) compareRevs(t *testing.T, recorded goldenCase) {
	for _, get := range recorded.RevGets {
		node, _ := m.tree.Lookup(rev(t, get.Rev))
		if get.Status == 404 {
			assert.Zero(t, node.Body, "rev=%s", get.Rev)
			continue
		}
		options := ""
		if get.Revs {
			options = "revs"
		}
		assert.Equal(t, get.Body, m.doc(t, node, options), "rev=%s", get.Rev)
	}

	for _, latest := range []bool{false, true} {
		open := recorded.OpenRevs
		if latest {
			open = recorded.OpenRevsLatest
		}
		found := map[core.Rev]revtree.Node{}
		missing := map[core.Rev]bool{}
		for _, text := range open.Revs {
			asked := rev(t, text)
			node, known := m.tree.Lookup(asked)
			switch {
			case latest && known:
				for _, leaf := range m.tree.LeavesBelow(asked) {
					found[leaf.Rev] = leaf
				}
			case known && node.Body != 0:
				found[asked] = node
			default:
				missing[asked] = true
			}
		}
		var nodes []revtree.Node
		for _, node := range found {
			nodes = append(nodes, node)
		}
		var actual []goldenOpenRev
		for _, node := range ascending(nodes) {
			doc := m.doc(t, node, "")
			actual = append(actual, goldenOpenRev{OK: &doc})
		}
		for _, r := range ascendingRevs(missing) {
			actual = append(actual, goldenOpenRev{Missing: r.String()})
		}
		assert.Equal(t, open.Body, actual, "open_revs, latest=%v", latest)
	}
}

func (m *model) compareChanges(t *testing.T, recorded goldenCase) {
	for allLeaves, rows := range map[bool][]goldenChange{true: recorded.Changes, false: recorded.ChangesMainOnly} {
		require.Len(t, rows, 1)
		nodes := m.tree.Leaves()
		if !allLeaves {
			nodes = nodes[:1]
		}
		require.Len(t, rows[0].Changes, len(nodes))
		for i, node := range nodes {
			assert.Equal(t, rows[0].Changes[i].Rev, node.Rev.String())
		}
		assert.Equal(t, rows[0].Deleted, nodes[0].Deleted)
		number, _, _ := strings.Cut(rows[0].Seq, "-")
		assert.Equal(t, number, strconv.Itoa(m.docSeq), "sequence")
	}
	deleted := 0
	if m.tree.Winner().Deleted {
		deleted = 1
	}
	assert.Equal(t, map[string]int{"doc_count": 1 - deleted, "doc_del_count": deleted}, recorded.DocCount)
}

func (m *model) compareDiffs(t *testing.T, recorded goldenCase) {
	diff := func(id string, texts []string) goldenDiff {
		var known revtree.Tree
		if id == "d" {
			known = m.tree
		}
		missing, ancestors := known.Missing(revs(t, strings.Join(texts, " ")))
		diff := goldenDiff{Missing: strings.Fields(words(missing))}
		if len(ancestors) > 0 {
			diff.PossibleAncestors = strings.Fields(words(ancestors))
		}
		return diff
	}
	for _, asked := range recorded.RevsDiff {
		actual := map[string]goldenDiff{}
		for id, texts := range asked.Req {
			if d := diff(id, texts); len(d.Missing) > 0 {
				actual[id] = d
			}
		}
		assert.Equal(t, asked.Resp, actual, "revs_diff %v", asked.Req)
	}
	actual := map[string][]string{}
	for id, texts := range recorded.MissingRevs.Req {
		if d := diff(id, texts); len(d.Missing) > 0 {
			actual[id] = d.Missing
		}
	}
	assert.Equal(t, recorded.MissingRevs.Resp.MissingRevs, actual, "missing_revs")
}
