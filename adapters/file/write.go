package file

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func newSalt() uint64 { return rand.Uint64() }

// Append implements logkv.Device.
func (d *device) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.checkNow(ctx); err != nil {
		return err
	}
	if d.index.head() != first-1 {
		return logkv.ErrHeadMoved
	}
	places, err := d.write(kindRecord, func(i int) uint64 { return first + uint64(i) }, records, durability == logkv.Strict)
	if err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for i, at := range places {
		d.index.records = append(d.index.records, recordPlace{number: first + uint64(i), place: at})
	}
	return nil
}

// WriteSnapshot implements logkv.Device. The sync at its end makes the records before it durable as well.
func (d *device) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.checkNow(ctx); err != nil {
		return err
	}
	if kept := d.index.snapshots; len(chunks) == 0 || len(kept) == 2 && covers < kept[1].covers {
		return nil
	}
	places, err := d.write(kindSnapshot, func(int) uint64 { return covers }, chunks, true)
	if err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.index.addSnapshot(snapshotPlaces{covers: covers, chunks: places})
	return nil
}

func (d *device) checkNow(ctx context.Context) error {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	return d.check(ctx)
}

// write appends payloads as frames that count together or not at all, and returns where they are. When it fails, the file is as before. The caller holds writing.
func (d *device) write(kind byte, number func(i int) uint64, payloads [][]byte, sync bool) ([]place, error) {
	if err := d.mend(); err != nil {
		return nil, d.explain(err)
	}
	total := 0
	for _, payload := range payloads {
		if uint64(len(payload)) > math.MaxUint32 {
			return nil, core.ErrTooLarge
		}
		total += frameHeaderSize + len(payload)
	}
	data := slices.Grow([]byte(nil), total)
	places := make([]place, len(payloads))
	for i, payload := range payloads {
		places[i] = place{offset: d.size + int64(len(data)) + frameHeaderSize, length: len(payload)}
		data = appendFrame(data, d.salt, frameHeader{
			kind: kind, number: number(i), index: uint32(i), count: uint32(len(payloads)), durable: d.durable,
		}, payload)
	}
	_, err := d.file.WriteAt(data, d.size)
	if err == nil && sync {
		err = d.file.Sync()
	}
	if err != nil {
		d.torn = true
		// If this fails, the next write tries again, and so does the next open.
		_ = d.mend()
		return nil, d.explain(err)
	}
	d.mutex.Lock()
	d.size += int64(len(data))
	d.mutex.Unlock()
	if sync {
		d.durable = d.size
	}
	d.marked = kind == kindClosed
	return places, nil
}

// Sync implements logkv.Device.
func (d *device) Sync(ctx context.Context) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.checkNow(ctx); err != nil {
		return err
	}
	return d.explain(d.sync())
}

func (d *device) sync() error {
	if d.durable == d.size {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.durable = d.size
	return nil
}

// mark writes, when the file is being closed, that all of it is on disk. The caller holds both mutexes.
func (d *device) mark() error {
	if err := d.mend(); err != nil {
		return err
	}
	if err := d.sync(); err != nil {
		return err
	}
	if d.marked || d.size == fileHeaderSize {
		return nil
	}
	data := appendFrame(nil, d.salt, frameHeader{kind: kindClosed, count: 1, durable: d.durable}, nil)
	if _, err := d.file.WriteAt(data, d.size); err != nil {
		// Nothing is lost without it, and on a full disk there is no place for it.
		return d.file.Truncate(d.size)
	}
	return d.file.Sync()
}
