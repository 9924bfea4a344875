package memdevice

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Device is one context's access to a Storage.
type Device struct {
	storage   *Storage
	intercept func(ctx context.Context, operation func() error) error
	notify    func() // guarded by the storage's mutex
}

var _ logkv.Device = (*Device)(nil)

// do runs an operation on the storage, unless it is not to be.
func (d *Device) do(ctx context.Context, operation func(*Storage) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.intercept(ctx, func() error {
		s := d.storage
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if !s.devices[d] {
			return core.ErrClosed
		}
		return operation(s)
	})
}

// Load implements logkv.Device.
func (d *Device) Load(ctx context.Context, below uint64, maxBytes int) (base logkv.Base, err error) {
	err = d.do(ctx, func(s *Storage) error {
		for _, snapshot := range s.snapshots {
			if snapshot.covers < below {
				base.Covers, base.Chunks = snapshot.covers, cloneAll(snapshot.chunks)
				break
			}
		}
		base.Records = s.from(base.Covers+1, maxBytes)
		return nil
	})
	return base, err
}

// ReadFrom implements logkv.Device.
func (d *Device) ReadFrom(ctx context.Context, from uint64, maxBytes int) (records []logkv.Record, err error) {
	err = d.do(ctx, func(s *Storage) error {
		records = s.from(from, maxBytes)
		return nil
	})
	return records, err
}

func (s *Storage) from(number uint64, maxBytes int) (records []logkv.Record) {
	begin, _ := s.find(number)
	for _, r := range s.records[begin:] {
		if maxBytes -= len(r.Data); maxBytes < 0 && len(records) > 0 {
			break
		}
		records = append(records, logkv.Record{Number: r.Number, Data: bytes.Clone(r.Data)})
	}
	return records
}

// Read implements logkv.Device.
func (d *Device) Read(ctx context.Context, numbers []uint64) (records [][]byte, err error) {
	err = d.do(ctx, func(s *Storage) error {
		records = make([][]byte, len(numbers))
		for i, number := range numbers {
			if at, found := s.find(number); found {
				records[i] = bytes.Clone(s.records[at].Data)
			}
		}
		return nil
	})
	return records, err
}

// Append implements logkv.Device.
func (d *Device) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	return d.do(ctx, func(s *Storage) error {
		if s.head() != first-1 {
			return logkv.ErrHeadMoved
		}
		for i, data := range records {
			s.records = append(s.records, logkv.Record{Number: first + uint64(i), Data: bytes.Clone(data)})
		}
		if durability == logkv.Strict {
			s.durable = s.head()
		}
		s.tellOthers(d)
		return nil
	})
}

// tellOthers calls what the other devices have registered, each in a goroutine as a message to another tab would.
func (s *Storage) tellOthers(d *Device) {
	for other := range s.devices {
		if other != d && other.notify != nil {
			go other.notify()
		}
	}
}

// WriteSnapshot implements logkv.Device.
func (d *Device) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	return d.do(ctx, func(s *Storage) error {
		s.durable = s.head()
		s.snapshots = slices.DeleteFunc(s.snapshots, func(old snapshot) bool { return old.covers == covers })
		s.snapshots = append(s.snapshots, snapshot{covers: covers, chunks: cloneAll(chunks)})
		slices.SortFunc(s.snapshots, func(a, b snapshot) int { return cmp.Compare(b.covers, a.covers) })
		s.snapshots = s.snapshots[:min(2, len(s.snapshots))]
		return nil
	})
}

// Remove implements logkv.Device.
func (d *Device) Remove(ctx context.Context, ranges []logkv.NumberRange) error {
	return d.do(ctx, func(s *Storage) error {
		head := s.head()
		s.records = slices.DeleteFunc(s.records, func(r logkv.Record) bool {
			return r.Number != head && slices.ContainsFunc(ranges, func(n logkv.NumberRange) bool {
				return n.First <= r.Number && r.Number <= n.Last
			})
		})
		return nil
	})
}

// Watch implements logkv.Device.
func (d *Device) Watch(notify func()) {
	d.storage.mutex.Lock()
	defer d.storage.mutex.Unlock()
	d.notify = notify
}

// Sync implements logkv.Device.
func (d *Device) Sync(ctx context.Context) error {
	return d.do(ctx, func(s *Storage) error {
		s.durable = s.head()
		return nil
	})
}

// Size implements logkv.Device.
func (d *Device) Size(ctx context.Context) (size uint64, err error) {
	err = d.do(ctx, func(s *Storage) error {
		for _, r := range s.records {
			size += uint64(len(r.Data))
		}
		for _, snapshot := range s.snapshots {
			for _, chunk := range snapshot.chunks {
				size += uint64(len(chunk))
			}
		}
		return nil
	})
	return size, err
}

// Close implements logkv.Device.
func (d *Device) Close() error {
	d.storage.mutex.Lock()
	defer d.storage.mutex.Unlock()
	delete(d.storage.devices, d)
	d.notify = nil
	return nil
}

// Destroy implements logkv.Device.
func (d *Device) Destroy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.intercept(ctx, func() error {
		s := d.storage
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.devices[d] {
			s.tellOthers(d)
			s.records, s.snapshots, s.durable = nil, nil, 0
			clear(s.devices)
		}
		d.notify = nil
		return nil
	})
}
