package docstore

import (
	"context"
	"errors"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// Salvaged tells what [Salvage] has copied and what it could not.
type Salvaged struct {
	Documents int // copied with all their current revisions, deleted ones included
	Revisions int // current ones copied
	// Older, Lost and Refused say in words, one entry for each: current revisions in whose place an ancestor was copied; those of which nothing could
	// be; documents that the target did not take.
	Older, Lost, Refused []string
	LocalDocs            int // left out: what they say of replications does not hold for a copy that lacks something
}

// salvageBatch is how many revisions are written together.
const salvageBatch = 100

// Salvage copies what can be read of a database's documents to another one: the current revisions and conflicts with their history, as a replication does. An
// error means that it could not go on, not that something was lost. The copy has an identity of its own, so a replication with it begins
// anew and brings back what others have.
func Salvage(ctx context.Context, from kv.Snapshot, to core.Adapter) (Salvaged, error) {
	s := salvage{ctx: ctx, from: from, to: to}
	err := s.run()
	return s.result, err
}

type salvage struct {
	ctx    context.Context
	from   kv.Snapshot
	to     core.Adapter
	result Salvaged
	docs   []*core.Document
}

func (s *salvage) run() error {
	for entry, err := range s.from.Scan(s.ctx, kv.Range{KeysOnly: true}) {
		if err != nil {
			return err
		}
		switch entry.Key[0] {
		case localPrefix:
			s.result.LocalDocs++
		case documentPrefix:
			if err := s.document(string(entry.Key[1:])); err != nil {
				return err
			}
			if len(s.docs) >= salvageBatch {
				if err := s.write(); err != nil {
					return err
				}
			}
		}
	}
	return s.write()
}

// document reads a document's current revisions. Only an error that is not damage is one.
func (s *salvage) document(docID string) error {
	name := "document " + strconv.Quote(docID)
	rec, err := readRecord(s.ctx, s.from, docID)
	if err != nil {
		return s.lost(name, err)
	}
	whole := true
	for _, leaf := range rec.tree.Leaves() {
		doc, err := s.revision(docID, rec, leaf)
		if err != nil {
			whole = false
			if err := s.lost(name+", revision "+leaf.Rev.String(), err); err != nil {
				return err
			}
			continue
		}
		if doc.Rev != leaf.Rev {
			whole = false
			s.result.Older = append(s.result.Older, name+": "+doc.Rev.String()+" in the place of "+leaf.Rev.String())
		} else {
			s.result.Revisions++
		}
		s.docs = append(s.docs, doc)
	}
	if whole {
		s.result.Documents++
	}
	return nil
}

func (s *salvage) lost(what string, err error) error {
	if !errors.Is(err, core.ErrCorrupt) {
		return err
	}
	s.result.Lost = append(s.result.Lost, what+": "+core.AsError(err).Reason)
	return nil
}

// revision reads a leaf, or the nearest ancestor that can still be read. The error is the leaf's.
func (s *salvage) revision(docID string, rec *record, leaf revtree.Node) (*core.Document, error) {
	path, _ := rec.tree.Ancestry(leaf.Rev)
	var first error
	for n := range path.Hashes {
		node, _ := rec.tree.Lookup(path.Rev(n))
		if node.Body == noBody {
			if n == 0 {
				first = core.ErrCorrupt.Because("it has no body")
			}
			continue
		}
		rest := core.Revisions{Start: node.Rev.Generation, Hashes: path.Hashes[n:]}
		doc := &core.Document{ID: docID, Rev: node.Rev, Deleted: node.Deleted, Revisions: &rest}
		err := readInto(s.ctx, s.from, doc, node.Body, contents{wanted: true})
		if err == nil {
			return doc, nil
		}
		if !errors.Is(err, core.ErrCorrupt) {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (s *salvage) write() error {
	if len(s.docs) == 0 {
		return nil
	}
	results, err := s.to.BulkDocs(s.ctx, s.docs, core.BulkDocsOptions{Replicated: true})
	if err != nil {
		return err
	}
	for _, result := range results {
		if result.Err != nil {
			s.result.Refused = append(s.result.Refused, "document "+strconv.Quote(result.ID)+": "+result.Err.Error())
		}
	}
	s.docs = nil
	return nil
}
