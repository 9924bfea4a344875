package file

import (
	"context"
	"errors"
	"os"
	"sort"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func rewritePath(path string) string { return path + ".compact" }

// Remove implements logkv.Device. It copies what is still needed to a new file, which takes the place of the old one, so a crash leaves the one or the other. When no
// record is removed, and less than a tenth of the file would be gained, it does nothing.
func (d *device) Remove(ctx context.Context, ranges []logkv.NumberRange) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.checkNow(ctx); err != nil {
		return err
	}
	kept := d.index // it changes only while writing is held
	kept.records = nil
	for i, r := range d.index.records {
		if i == len(d.index.records)-1 || !covered(ranges, r.number) {
			kept.records = append(kept.records, r)
		}
	}
	if len(kept.records) == len(d.index.records) && d.size-kept.needed() <= d.size/10 {
		return nil
	}
	return d.explain(d.rewrite(ctx, kept))
}

// covered reports whether a number is in one of the ranges.
func covered(ranges []logkv.NumberRange, number uint64) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Last >= number })
	return i < len(ranges) && ranges[i].First <= number
}

// rewrite replaces the file by one that holds what the index refers to.
func (d *device) rewrite(ctx context.Context, kept index) (err error) {
	path := rewritePath(d.path)
	plain, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	c := &copier{from: d.file, to: d.wrap(plain), salt: newSalt(), size: fileHeaderSize}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.to.Close(), os.Remove(path))
		}
	}()
	moved, err := c.copyAll(ctx, kept)
	if err != nil {
		return err
	}
	if _, err := c.to.WriteAt(appendFileHeader(nil, c.size, c.salt), 0); err != nil {
		return err
	}
	if err := c.to.Sync(); err != nil {
		return err
	}

	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err := d.lock.replace(plain, path, d.path); err != nil {
		return err
	}
	old := d.file
	d.file, d.index, d.size, d.salt = c.to, moved, c.size, c.salt
	d.durable, d.marked, d.torn = c.size, false, false
	// The new file is the database now. Until its directory is on disk, too, a loss of power may bring the old file back; that one holds the same, but not
	// what is written from now on. So no later write begins before.
	d.renamed = true
	return errors.Join(old.Close(), d.mend())
}

// copier copies frames to another file.
type copier struct {
	from, to diskFile
	salt     uint64
	size     int64
}

func (c *copier) copyAll(ctx context.Context, kept index) (moved index, err error) {
	for _, s := range kept.snapshots {
		chunks := make([]place, len(s.chunks))
		for i, at := range s.chunks {
			h := frameHeader{kind: kindSnapshot, number: s.covers, index: uint32(i), count: uint32(len(s.chunks))}
			if chunks[i], err = c.copy(ctx, h, at); err != nil {
				return index{}, err
			}
		}
		moved.snapshots = append(moved.snapshots, snapshotPlaces{covers: s.covers, chunks: chunks})
	}
	for _, r := range kept.records {
		at, err := c.copy(ctx, frameHeader{kind: kindRecord, number: r.number, count: 1}, r.place)
		if err != nil {
			return index{}, err
		}
		moved.records = append(moved.records, recordPlace{number: r.number, place: at})
	}
	return moved, nil
}

// copy copies one frame. A payload is taken as it is: if it is damaged, its own checksum, which the log verifies, keeps saying so.
func (c *copier) copy(ctx context.Context, h frameHeader, at place) (place, error) {
	if err := ctx.Err(); err != nil {
		return place{}, err
	}
	payload := make([]byte, at.length)
	if _, err := c.from.ReadAt(payload, at.offset); err != nil {
		return place{}, err
	}
	frame := appendFrame(nil, c.salt, h, payload)
	if _, err := c.to.WriteAt(frame, c.size); err != nil {
		return place{}, err
	}
	at.offset = c.size + frameHeaderSize
	c.size += int64(len(frame))
	return at, nil
}
