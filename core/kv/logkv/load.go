package logkv

import (
	"cmp"
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// loaded is what a device holds.
type loaded struct {
	state *state
	tail  tail
}

// load reads the newest state that the device has, from a snapshot and the records after it. It begins anew when a compaction elsewhere removes
// what it was about to read; then there is a newer snapshot each time.
func (s *Store) load(ctx context.Context) (loaded, error) {
	for covers := Newest; ; {
		result, base, err := s.loadOnce(ctx)
		gap, is := errors.AsType[*gapError](err)
		if !is {
			return result, err
		}
		if gap.atOnce || base.Covers == covers {
			return loaded{}, err
		}
		covers = base.Covers
	}
}

// gapError is an ErrCorrupt unless a compaction elsewhere explains the gap.
type gapError struct {
	err    error
	atOnce bool // seen in one consistent view of the device
}

func (e *gapError) Error() string { return e.err.Error() }
func (e *gapError) Unwrap() error { return e.err }

func (s *Store) loadOnce(ctx context.Context) (loaded, Base, error) {
	base, start, damage, err := s.loadBase(ctx)
	if err != nil {
		return loaded{}, base, err
	}
	p := newReplay(start)
	for records, atOnce := base.Records, true; len(records) > 0; atOnce = false {
		if err := s.replay(p, records); err != nil {
			if gap, is := errors.AsType[*gapError](err); is {
				gap.atOnce = atOnce
			}
			return loaded{}, base, errors.Join(err, damage)
		}
		if records, err = s.device.ReadFrom(ctx, p.head+1, readBytes); err != nil {
			return loaded{}, base, err
		}
	}
	result := loaded{state: p.result(), tail: tail{covers: base.Covers, snapshotBytes: totalSize(base.Chunks)}}
	result.tail.add(p.size, p.records)
	return result, base, nil
}

// replay adds records, which are kept in the cache as well: what is new is likely to be read.
func (s *Store) replay(p *replay, records []Record) error {
	for _, r := range records {
		if err := p.add(r); err != nil {
			return err
		}
		s.cache.put(r.Number, r.Data)
	}
	return nil
}

// loadBase reads the newest snapshot that is sound. What is wrong with newer ones is returned as damage; it explains why, with a compaction after the
// older one, there may be records missing.
func (s *Store) loadBase(ctx context.Context) (base Base, start *state, damage, err error) {
	for below := uint64(Newest); ; below = base.Covers {
		if base, err = s.device.Load(ctx, below, readBytes); err != nil {
			return Base{}, nil, nil, err
		}
		if base.Covers == 0 && len(base.Chunks) == 0 {
			return base, emptyState(), damage, nil
		}
		start, err = decodeSnapshot(base.Covers, base.Chunks, false)
		switch {
		case err == nil:
			return base, start, damage, nil
		case !errors.Is(err, core.ErrCorrupt):
			return Base{}, nil, nil, err
		case damage == nil:
			damage = err
		}
	}
}

func totalSize(chunks [][]byte) int {
	size := 0
	for _, chunk := range chunks {
		size += len(chunk)
	}
	return size
}

// Refresh implements kv.Store.
func (s *Store) Refresh(ctx context.Context) error {
	if err := s.takeLog(ctx); err != nil {
		return err
	}
	defer s.passLog()
	if _, err := s.catchUp(ctx); err != nil {
		return err
	}
	return s.rebase()
}

// takeLog waits until the log is the caller's, and nothing is on its way into it, the context ends or the store closes. passLog is its reverse.
func (s *Store) takeLog(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if !s.flight.Take(ctx, s.closing) {
		return cmp.Or(s.check(ctx), error(core.ErrClosed))
	}
	if !s.log.Take(ctx, s.closing) {
		s.flight.Pass()
		return cmp.Or(s.check(ctx), error(core.ErrClosed))
	}
	err := s.check(ctx)
	if err != nil {
		s.passLog()
	}
	return err
}

func (s *Store) passLog() {
	s.log.Pass()
	s.flight.Pass()
}

// catchUpSoon is what the device calls when somebody else has appended.
func (s *Store) catchUpSoon() {
	if !s.beginCatchingUp() {
		return
	}
	s.inBackground(func() {
		if s.options.Durability == MemoryFirst {
			s.endCatchingUp()
			if !s.somethingNew() || !s.beginCatchingUp() {
				return
			}
		}
		err := s.takeLog(s.lifetime)
		s.endCatchingUp()
		if err != nil {
			return
		}
		defer s.passLog()
		// A failure is nobody's to hear: whoever needs the newest state asks for it, and is told then.
		if _, err = s.catchUp(s.lifetime); err == nil {
			err = s.rebase()
		}
		s.noticeClosed(err)
	})
}

// beginCatchingUp reports whether it is the caller's turn to look for what others have appended. Nobody else's comes before endCatchingUp.
func (s *Store) beginCatchingUp() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	already := s.catchingUp
	s.catchingUp = true
	return !already
}

// endCatchingUp comes before the look: what is appended from then on may be missed, so the next notice must count again.
func (s *Store) endCatchingUp() {
	s.mutex.Lock()
	s.catchingUp = false
	s.mutex.Unlock()
}

// somethingNew looks without taking the log, for who may have to hand over at any moment what is acknowledged.
func (s *Store) somethingNew() bool {
	records, err := s.device.ReadFrom(s.lifetime, s.newestLogged().head+1, 1)
	return err != nil || len(records) > 0
}

// catchUp reads what others have appended and publishes it. It returns the commits it found. The caller holds the log.
func (s *Store) catchUp(ctx context.Context) (found map[commitID]bool, err error) {
	before := s.newestLogged()
	p := newReplay(before)
	for {
		records, err := s.device.ReadFrom(ctx, p.head+1, readBytes)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 {
			break
		}
		if err := s.replay(p, records); err != nil {
			if _, is := errors.AsType[*gapError](err); is {
				return s.reload(ctx)
			}
			return nil, err
		}
	}
	if p.head > before.head {
		s.publish(p.result(), p.commits, p.size, p.records, true)
	}
	return p.commits, nil
}

// reload publishes the newest state, read from the newest snapshot: the records since ours have been compacted away.
func (s *Store) reload(ctx context.Context) (found map[commitID]bool, err error) {
	result, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	result.tail.writing = s.tail.writing
	s.tail = result.tail
	s.mutex.Unlock()
	s.publish(result.state, nil, 0, 0, true)
	return nil, nil
}
