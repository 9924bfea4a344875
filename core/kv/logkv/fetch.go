package logkv

import (
	"context"
	"errors"
	"sync"

	"github.com/gouchdb/gouchdb/core/kv"
)

// fetches are the readings from the device that are under way: who needs a record that is being read waits for it, and does not read it once more.
type fetches struct {
	mutex    sync.Mutex
	underWay map[uint64]*fetch
}

// fetch is the reading of one record.
type fetch struct {
	waiting int           // for it, beside who reads
	done    chan struct{} // closed when the others are set
	data    []byte        // nil when the record is gone
	err     error
}

// records returns the records of these numbers, from the cache or the device. Those that are gone are not among them.
func (s *Store) records(ctx context.Context, numbers []uint64) (map[uint64][]byte, error) {
	found := make(map[uint64][]byte, len(numbers))
	var missing []uint64
	for _, number := range numbers {
		if data, cached := s.cache.get(number); cached {
			found[number] = data
		} else {
			missing = append(missing, number)
		}
	}
	if len(missing) > 0 {
		if err := kv.MayWait(ctx); err != nil {
			return nil, err
		}
	}
	for len(missing) > 0 {
		mine, others := s.fetches.begin(missing, s.cache, found)
		if len(mine) > 0 {
			if err := s.fetch(ctx, mine, found); err != nil {
				return nil, err
			}
		}
		missing = missing[:0]
		for number, f := range others {
			select {
			case <-f.done:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			switch {
			case f.err == nil && f.data != nil:
				found[number] = f.data
			case errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded):
				missing = append(missing, number) // it was the other's context that has ended
			case f.err != nil:
				return nil, f.err
			}
		}
	}
	return found, nil
}

// begin divides numbers into those that the caller has to read and those that somebody else is reading; what has been read in the meantime is found.
func (f *fetches) begin(numbers []uint64, cache *cache, found map[uint64][]byte) (mine []uint64, others map[uint64]*fetch) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.underWay == nil {
		f.underWay = map[uint64]*fetch{}
	}
	for _, number := range numbers {
		if other, reading := f.underWay[number]; reading {
			if others == nil {
				others = map[uint64]*fetch{}
			}
			others[number] = other
			other.waiting++
			continue
		}
		if data, cached := cache.get(number); cached {
			found[number] = data
			continue
		}
		f.underWay[number] = &fetch{done: make(chan struct{})}
		mine = append(mine, number)
	}
	return mine, others
}

// fetch reads records from the device, for the caller and for those who wait.
func (s *Store) fetch(ctx context.Context, numbers []uint64, found map[uint64][]byte) error {
	read, err := s.device.Read(ctx, numbers)
	if err != nil {
		read = make([][]byte, len(numbers))
	}
	first := err
	for i, number := range numbers {
		data, err := read[i], err
		if data != nil {
			_, err = openRecord(number, data)
		}
		switch {
		case err != nil:
			data = nil
			if first == nil {
				first = err
			}
		case data != nil:
			s.cache.put(number, data) // before the reading ends, so that whoever comes finds the one or the other
			found[number] = data
		}
		s.fetches.end(number, data, err)
	}
	return first
}

func (f *fetches) end(number uint64, data []byte, err error) {
	f.mutex.Lock()
	ended := f.underWay[number]
	delete(f.underWay, number)
	f.mutex.Unlock()
	ended.data, ended.err = data, err
	close(ended.done)
}
