package logkv

import (
	"context"
	"errors"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// Remains is what there is of a log that cannot be opened any more, or may not.
type Remains interface {
	// Snapshots returns the snapshots, the newest first. In the place of a chunk that is lost there is nil.
	Snapshots(ctx context.Context) ([]Base, error)
	// Numbers returns the numbers of the records, ascending.
	Numbers(ctx context.Context) ([]uint64, error)
	// Read returns a record, damaged or not.
	Read(ctx context.Context, number uint64) ([]byte, error)
}

// Examination is what was found in a log.
type Examination struct {
	Records   int // that are there, damaged ones included
	Snapshots int
	// Problems says in words what is damaged or missing. It is empty when the log is sound.
	Problems []string
	// Readable is all that can be made of the log: what Open would show when the log is sound, else the newest that can still be read of each key. Reading a
	// value that is damaged or lost fails with ErrCorrupt. It lasts as long as the Remains.
	Readable kv.Snapshot
}

// Examine reads all of a log, and goes on where Open has to give up. An error means that it could not look.
func Examine(ctx context.Context, remains Remains) (Examination, error) {
	x := &examiner{ctx: ctx, remains: remains, state: newReplay(emptyState())}
	err := x.run()
	x.found.Readable = &readable{remains: remains, tree: x.state.tree}
	return x.found, err
}

type examiner struct {
	ctx     context.Context
	remains Remains
	found   Examination
	state   *replay
	whole   bool // there is a sound snapshot, or none was ever needed; else everything that is left is put together

	commit []Record // the sound records so far of the commit that is being looked at
	owner  commitID
	broken bool // something around it is damaged or missing
}

func (x *examiner) problem(text string) { x.found.Problems = append(x.found.Problems, text) }

func (x *examiner) run() error {
	snapshots, err := x.remains.Snapshots(x.ctx)
	if err != nil {
		return err
	}
	numbers, err := x.remains.Numbers(x.ctx)
	if err != nil {
		return err
	}
	x.found.Records, x.found.Snapshots = len(numbers), len(snapshots)
	partial := x.begin(snapshots)
	last := x.state.head
	for _, number := range numbers {
		for len(partial) > 0 && number > partial[0].Covers {
			x.overlay(partial[0])
			partial = partial[1:]
		}
		if x.whole && number > last+1 {
			x.problem(gapText(last+1, number-1))
			x.broken = true
		}
		last = max(last, number)
		if err := x.record(number); err != nil {
			return err
		}
	}
	for _, snapshot := range partial {
		x.overlay(snapshot)
	}
	x.boundary()
	return nil
}

func gapText(first, last uint64) string {
	if first == last {
		return "record " + strconv.FormatUint(first, 10) + " of the log is missing"
	}
	return "records " + strconv.FormatUint(first, 10) + " to " + strconv.FormatUint(last, 10) + " of the log are missing"
}

// begin takes the newest sound snapshot to begin with. When there are only damaged ones it returns them all, the oldest first, for what is in them.
func (x *examiner) begin(snapshots []Base) (partial []Base) {
	x.whole = len(snapshots) == 0
	for _, snapshot := range snapshots {
		state, err := decodeSnapshot(snapshot.Covers, snapshot.Chunks, true)
		if err != nil {
			x.problem(core.AsError(err).Reason)
			partial = append([]Base{snapshot}, partial...)
		} else if !x.whole {
			x.whole, x.state = true, newReplay(state)
		}
	}
	if x.whole {
		return nil
	}
	return partial
}

// overlay puts what can be read of a snapshot over what there is. Each chunk can be read by itself.
func (x *examiner) overlay(snapshot Base) {
	x.boundary()
	for _, chunk := range snapshot.Chunks {
		if checkFormat(chunk, chunkHeaderSize+checksumSize) == nil {
			// If it has an item that cannot be understood, the pages before that count.
			base := tree.NewBase(decodePage)
			addPages(base, chunk)
			for item := range tree.Over(base).Scan(kv.Range{}) {
				x.state.put(item)
			}
		}
	}
}

// record takes the next record.
func (x *examiner) record(number uint64) error {
	data, err := x.remains.Read(x.ctx, number)
	if err != nil {
		return err
	}
	h, err := openRecord(number, data)
	if errors.Is(err, core.ErrNewerFormat) {
		return err
	}
	if err == nil {
		err = eachOperation(number, data, func(operation) {})
	}
	if err != nil {
		x.problem(core.AsError(err).Reason)
		x.broken = true
		return nil
	}
	if x.whole && number <= x.state.head { // the snapshot has it
		return nil
	}
	if h.part == 0 || h.commit != x.owner {
		x.boundary()
		x.owner = h.commit
	}
	x.commit = append(x.commit, Record{Number: number, Data: data})
	if h.last {
		x.apply()
	}
	return nil
}

// boundary ends a commit. One whose last record never came has not happened; but where something is damaged, what there is of it is better than nothing.
func (x *examiner) boundary() {
	if x.broken {
		x.apply()
	}
	x.commit, x.broken = nil, false
}

func (x *examiner) apply() {
	for _, r := range x.commit {
		_ = x.state.apply(r) // it was gone through before
	}
	x.commit, x.broken = nil, false
}
