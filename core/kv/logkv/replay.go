package logkv

import (
	"cmp"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// state is a committed state. Nothing in it changes once it is published.
type state struct {
	tree  *tree.Tree
	head  uint64 // the number of the newest record that is in it
	bytes uint64 // of keys and values
	// logBytes is how much log there is, about: of records that were removed by another context it is told by the next snapshot only.
	logBytes uint64
	unlogged *layer // the records up to head that are not in the log yet
	// content is a head as old as what views of this state are shown: what came after it has only moved that.
	content uint64

	views int // how many are reading it; guarded by the store's mutex
}

func emptyState() *state { return &state{tree: tree.New()} }

// replay applies records to a copy of a state.
type replay struct {
	state
	commits map[commitID]bool // what was applied, if anybody wants to know
	partial []Record          // the records so far of a commit whose last one has not come yet
	owner   commitID          // of partial
	size    int               // of all records added, in bytes
	records int
}

func newReplay(from *state) *replay {
	return &replay{state: state{tree: from.tree.Copy(), head: from.head, bytes: from.bytes, logBytes: from.logBytes}, commits: map[commitID]bool{}}
}

// add takes the next record. A commit takes effect with its last record; one that never got it, before another begins, never happened.
func (p *replay) add(r Record) error {
	if r.Number != p.head+1 {
		return &gapError{err: missing(p.head + 1)}
	}
	h, err := openRecord(r.Number, r.Data)
	if err != nil {
		return err
	}
	if h.part == 0 {
		p.partial, p.owner = nil, h.commit
	}
	if int(h.part) != len(p.partial) || h.commit != p.owner {
		return &gapError{err: blameRecord(r.Number, core.ErrCorrupt.Because("it does not continue the commit before it"))}
	}
	p.partial = append(p.partial, r)
	p.head, p.content = r.Number, r.Number
	p.size += len(r.Data)
	p.logBytes += uint64(len(r.Data))
	p.records++
	if !h.last {
		return nil
	}
	for _, part := range p.partial {
		if err := p.apply(part); err != nil {
			return err
		}
	}
	p.commits[h.commit] = true
	p.partial = nil
	return nil
}

func (p *replay) apply(r Record) error {
	err := eachOperation(r.Number, r.Data, func(op operation) {
		switch op.kind {
		case opDelete:
			if previous, deleted := p.tree.Delete(op.key); deleted {
				p.bytes -= liveSize(previous)
			}
		case opInline:
			p.put(tree.Pack(op.key, op.value, false))
		case opExternal:
			p.put(externalItem(op.key, addressOf(r.Number, op.offset, op.value)))
		case opReclaimed:
			bytes, _ := binary.Uvarint(op.value)
			p.logBytes -= min(p.logBytes, bytes)
		}
	})
	return cmp.Or(err, sound(p.tree))
}

func (p *replay) put(item tree.Item) {
	if previous, replaced := p.tree.Put(item); replaced {
		p.bytes -= liveSize(previous)
	}
	p.bytes += liveSize(item)
}

// result returns the state reached.
func (p *replay) result() *state {
	reached := p.state
	return &reached
}
