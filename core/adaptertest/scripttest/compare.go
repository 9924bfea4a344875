package scripttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/internal/model"
)

// compare spells out both and returns where they differ.
func (p *player) compare(db core.Adapter) error {
	want := spellModel(p.model)
	got, err := spellDatabase(p.ctx, db)
	if err != nil {
		return err
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Errorf("they differ from line %d on\nmodel:\n%s\ndatabase:\n%s", i+1, strings.Join(a[min(i, len(a)):], "\n"), strings.Join(b[min(i, len(b)):], "\n"))
		}
	}
	return nil
}

// brief keeps long bodies readable.
func brief(body string) string {
	if len(body) > 40 {
		return fmt.Sprintf("%s… (%d bytes)", body[:30], len(body))
	}
	return body
}

func spellModel(m *model.DB) string {
	var text strings.Builder
	docIDs, seqs := m.Feed()
	unlimited := *m // a limit hides revisions that are there until the next write; a higher one would show them again
	unlimited.Limit = math.MaxInt
	living := 0
	for i, docID := range docIDs {
		leaves := m.Leaves(docID)
		if !leaves[0].Deleted {
			living++
		}
		fmt.Fprintf(&text, "%d %s deleted %t\n", seqs[i], docID, leaves[0].Deleted)
		for n, leaf := range unlimited.Leaves(docID) {
			fmt.Fprintf(&text, "  %s deleted %t shows %d %s\n", leaf.Rev, leaf.Deleted, len(leaves[n].Ancestry), brief(leaf.Body))
			for _, rev := range leaf.Ancestry[1:] {
				_, hasBody, body := m.Known(docID, rev)
				fmt.Fprintf(&text, "    %s %t %s\n", rev, hasBody, brief(body))
			}
		}
	}
	fmt.Fprintf(&text, "listing %v\n", slices.Collect(func(yield func(string) bool) {
		for _, docID := range m.IDs() {
			if !m.Leaves(docID)[0].Deleted && !yield(docID+" "+m.Leaves(docID)[0].Rev.String()) {
				return
			}
		}
	}))
	fmt.Fprintf(&text, "%d documents, %d deleted, update %d, purge %d, limit %d\n", living, len(docIDs)-living, m.Seq, m.PurgeSeq, m.Limit)
	return text.String()
}

func spellDatabase(ctx context.Context, db core.Adapter) (string, error) {
	var text strings.Builder
	// Nobody has seen such a sequence here, so the database asks what other tabs have written.
	if _, err := db.Changes(ctx, core.ChangesOptions{Since: "999999999"}, func(*core.Change) error { return nil }); err != nil {
		return "", err
	}
	changes, _, err := core.ListChanges(ctx, db, core.ChangesOptions{AllLeaves: true})
	if err != nil {
		return "", err
	}
	for _, change := range changes {
		fmt.Fprintf(&text, "%s %s deleted %t\n", change.Seq, change.ID, change.Deleted)
		found, err := db.OpenRevs(ctx, change.ID, core.OpenRevsOptions{All: true, WithRevisions: true})
		if err != nil {
			return "", err
		}
		for _, rev := range change.Revs {
			i := slices.IndexFunc(found, func(open core.OpenRev) bool { return open.Rev == rev && open.Doc != nil })
			if i < 0 {
				return "", fmt.Errorf("the feed shows leaf %s of %s, which cannot be read", rev, change.ID)
			}
			doc := found[i].Doc
			fmt.Fprintf(&text, "  %s deleted %t shows %d %s\n", rev, doc.Deleted, len(doc.Revisions.Hashes), brief(string(doc.Body)))
			whole, err := db.Get(ctx, change.ID, core.GetOptions{Rev: rev, RevsInfo: true})
			if err != nil {
				return "", err
			}
			for _, known := range whole.RevsInfo[1:] {
				inner := known.Rev
				old, err := db.Get(ctx, change.ID, core.GetOptions{Rev: inner})
				body := ""
				if err == nil {
					body = string(old.Body)
				} else if !errors.Is(err, core.ErrMissing) {
					return "", err
				}
				fmt.Fprintf(&text, "    %s %t %s\n", inner, err == nil, brief(body))
			}
		}
		if len(found) != len(change.Revs) {
			return "", fmt.Errorf("%s has %d leaves, the feed shows %d", change.ID, len(found), len(change.Revs))
		}
	}
	rows, _, err := core.ListAllDocs(ctx, db, core.AllDocsOptions{})
	if err != nil {
		return "", err
	}
	var listing []string
	for _, row := range rows {
		listing = append(listing, row.Key+" "+row.Rev.String())
	}
	info, err := db.Info(ctx)
	if err != nil {
		return "", err
	}
	revsLimit, err := db.RevsLimit(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&text, "listing %v\n", listing)
	fmt.Fprintf(&text, "%d documents, %d deleted, update %s, purge %s, limit %d\n", info.DocCount, info.DocDelCount, info.UpdateSeq, info.PurgeSeq, revsLimit)
	if checker, ok := db.(adaptertest.Checker); ok {
		report, err := checker.Check(ctx)
		if err != nil {
			return "", err
		}
		for _, problem := range report.Problems {
			fmt.Fprintf(&text, "problem: %s\n", problem)
		}
	}
	return text.String(), nil
}
