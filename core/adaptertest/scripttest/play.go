package scripttest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/model"
)

// player is a script on its way.
type player struct {
	ctx     context.Context
	harness Harness
	system  System
	tabs    []core.Adapter
	model   *model.DB
	// since are the models before each step since the last flush, which a crash cannot undo.
	since []*model.DB
}

// play runs a script and returns where the two differ.
func play(ctx context.Context, h Harness, script []step) (err error) {
	system, err := h.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	p := &player{ctx: ctx, harness: h, system: system, tabs: make([]core.Adapter, h.Tabs), model: model.New()}
	if err := p.openAll(); err != nil {
		return err
	}
	defer func() {
		for _, db := range p.tabs {
			err = errors.Join(err, db.Close())
		}
	}()
	for i, s := range script {
		if err := p.step(s); err != nil {
			return fmt.Errorf("step %d (%s): %w", i, s, err)
		}
		if err := p.compare(p.tabs[s.tab]); err != nil {
			return fmt.Errorf("after step %d (%s): %w", i, s, err)
		}
	}
	for tab, db := range p.tabs {
		if err := p.compare(db); err != nil {
			return fmt.Errorf("at the end, in tab %d: %w", tab, err)
		}
	}
	return nil
}

func (p *player) openAll() (err error) {
	for tab := range p.tabs {
		if p.tabs[tab], err = p.system.Open(tab); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) step(s step) error {
	db := p.tabs[s.tab]
	p.since = append(p.since, p.model.Clone())
	switch s.kind {
	case write, replicate:
		return p.write(db, s)
	case purge:
		return p.purge(db, s.writes[0])
	case limit:
		p.model.SetLimit(s.limit)
		return db.SetRevsLimit(p.ctx, s.limit)
	case compact:
		p.model.Compact()
		return db.Compact(p.ctx)
	case flush:
		p.since = nil
		return db.Flush(p.ctx)
	case reopen:
		if err := db.Close(); err != nil {
			return err
		}
		opened, err := p.system.Open(s.tab)
		if err == nil {
			p.tabs[s.tab] = opened
		}
		return err
	case crash:
		return p.crash()
	}
	return nil
}

func (p *player) write(db core.Adapter, s step) error {
	var writes []model.Write
	var docs []*core.Document
	for _, e := range s.writes {
		w := model.Write{ID: e.docID(), Deleted: e.deleted, Body: e.text()}
		doc := &core.Document{ID: w.ID, Deleted: w.Deleted, Body: []byte(w.Body)}
		above := p.pick(e)
		if s.kind == write {
			if len(above) > 0 {
				w.Parent = above[0]
			}
			doc.Rev = w.Parent
		} else {
			w.Path = append([]core.Rev{foreign(e, above)}, above...)
			doc.Revisions = &core.Revisions{Start: w.Path[0].Generation}
			for _, rev := range w.Path {
				doc.Revisions.Hashes = append(doc.Revisions.Hashes, rev.Hash)
			}
		}
		writes, docs = append(writes, w), append(docs, doc)
	}
	want := p.model.Batch(s.kind == replicate, writes)
	results, err := db.BulkDocs(p.ctx, docs, core.BulkDocsOptions{Replicated: s.kind == replicate})
	if err != nil {
		return err
	}
	for i, result := range results {
		if result.Rev != want[i] || (result.Err != nil) != want[i].IsZero() {
			return fmt.Errorf("document %d of the batch became %s (%v), in the model %s", i, result.Rev, result.Err, want[i])
		}
	}
	return nil
}

// pick finds a revision and what it descends from.
func (p *player) pick(e edit) []core.Rev {
	leaves := p.model.Leaves(e.docID())
	n := e.leaf % (len(leaves) + 1)
	if n == len(leaves) {
		return nil
	}
	path := leaves[n].Ancestry
	return path[min(e.older, len(path)-1):]
}

// foreign makes the revision that somebody else has made of a document. The same content on the same parent is the same revision.
func foreign(e edit, above []core.Rev) core.Rev {
	generation, hash := uint64(1), ""
	if len(above) > 0 {
		generation = above[0].Generation + 1
		hash = above[0].String() + "."
	}
	hash += strconv.Itoa(e.body)
	if e.deleted {
		hash += "d"
	}
	if e.branches {
		hash += "x"
	}
	return core.Rev{Generation: generation, Hash: hash}
}

func (p *player) purge(db core.Adapter, e edit) error {
	revs := p.pick(e)
	revs = revs[:min(1, len(revs))]
	want := p.model.Purge(e.docID(), revs)
	result, err := db.Purge(p.ctx, []core.DocRevs{{ID: e.docID(), Revs: revs}})
	if err == nil && len(result.Purged[0].Revs) != len(want) {
		err = fmt.Errorf("purged %v, in the model %v", result.Purged[0].Revs, want)
	}
	return err
}

// crash looks, if the system may be forgetful, which of the states since the last flush it is in now.
func (p *player) crash() error {
	if err := p.system.Crash(); err != nil {
		return err
	}
	if err := p.openAll(); err != nil {
		return err
	}
	if p.harness.Forgetful {
		for _, before := range p.since {
			present := p.model
			p.model = before
			if p.compare(p.tabs[0]) == nil {
				break
			}
			p.model = present
		}
	}
	p.since = nil
	return nil
}
