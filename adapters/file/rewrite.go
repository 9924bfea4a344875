package file

import (
	"context"
	"errors"
	"os"
	"slices"
	"sort"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func rewritePath(path string) string { return path + ".compact" }

// Remove implements logkv.Device. It copies what is still needed to a new file, which takes the place of the old one, so a crash leaves the one or the other. When no
// record is removed, and less than a tenth of the file would be gained, it does nothing. Writers go on meanwhile, and wait only while the last of what they have written is
// copied.
func (d *device) Remove(ctx context.Context, ranges []logkv.NumberRange) error {
	d.rewriting.Lock()
	defer d.rewriting.Unlock()
	if err := d.checkNow(ctx); err != nil {
		return err
	}
	d.writing.Lock()
	present, size := d.index, d.size
	d.writing.Unlock()
	kept := present
	kept.records = nil
	for i, r := range present.records {
		if i == len(present.records)-1 || !covered(ranges, r.number) {
			kept.records = append(kept.records, r)
		}
	}
	if len(kept.records) == len(present.records) && size-kept.needed() <= size/10 {
		return nil
	}
	return d.explain(d.rewrite(ctx, kept))
}

// covered reports whether a number is in one of the ranges.
func covered(ranges []logkv.NumberRange, number uint64) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Last >= number })
	return i < len(ranges) && ranges[i].First <= number
}

const (
	// catchUpBytes is how much is copied at most while writers wait.
	catchUpBytes = 1 << 20
	// catchUps is how often it is tried to get there while they go on.
	catchUps = 8
)

// rewrite replaces the file by one that holds what the index refers to, and what is written in the meantime. The caller holds rewriting.
func (d *device) rewrite(ctx context.Context, kept index) (err error) {
	path := rewritePath(d.path)
	plain, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	c := &copier{device: d, from: d.file, to: d.wrap(plain), salt: newSalt(), size: fileHeaderSize}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.to.Close(), os.Remove(path))
		}
	}()
	if err := c.copyAll(ctx, kept); err != nil {
		return err
	}
	// Most of it is on disk before writers have to wait.
	if err := c.to.Sync(); err != nil {
		return err
	}
	for range catchUps {
		rest := d.since(c)
		if rest.needed() <= catchUpBytes {
			break
		}
		if err := c.copyAll(ctx, rest); err != nil {
			return err
		}
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := c.copyAll(ctx, c.lacks(d.index)); err != nil {
		return err
	}
	return d.takeOver(c, plain)
}

// since returns what has been written since the copier was here.
func (d *device) since(c *copier) index {
	d.writing.Lock()
	defer d.writing.Unlock()
	return c.lacks(d.index)
}

// takeOver puts the copy in the place of the file, or fails and leaves that. The caller holds rewriting and writing.
func (d *device) takeOver(c *copier, plain *os.File) error {
	if _, err := c.to.WriteAt(appendFileHeader(nil, c.size, c.salt), 0); err != nil {
		return err
	}
	if err := c.to.Sync(); err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err := d.lock.replace(plain, rewritePath(d.path), d.path); err != nil {
		return err
	}
	old, snapshots := d.file, d.index.snapshots
	d.file, d.index, d.size, d.salt = c.to, index{records: c.copied.records}, c.size, c.salt
	for _, s := range c.copied.snapshots {
		if slices.ContainsFunc(snapshots, s.isOf) { // else it was replaced while it was copied
			d.index.snapshots = append(d.index.snapshots, snapshotPlaces{covers: s.covers, chunks: s.chunks})
		}
	}
	slices.SortFunc(d.index.snapshots, newestFirst)
	d.durable, d.marked, d.torn = c.size, false, false
	// The new file is the database now. Until its directory is on disk, too, a loss of power may bring the old file back; that one holds the same, but not
	// what is written from now on. So no later write begins before, and fails if this cannot be done.
	d.renamed = true
	_ = d.mend()
	_ = old.Close() // nobody needs it any more
	return nil
}

// copier copies frames to another file.
type copier struct {
	device   *device
	from, to diskFile
	salt     uint64
	size     int64
	copied   copies
}

// copies tells where the copies are.
type copies struct {
	records   []recordPlace
	snapshots []copiedSnapshot
}

type copiedSnapshot struct {
	snapshotPlaces
	original int64 // where its first chunk was
}

// isOf reports whether a snapshot is the one that was copied, not another that covers as much.
func (c copiedSnapshot) isOf(s snapshotPlaces) bool {
	return s.covers == c.covers && s.chunks[0].offset == c.original
}

// lacks returns what of the present index has not been copied, of records only those after the last one copied.
func (c *copier) lacks(present index) (rest index) {
	head := uint64(0)
	if n := len(c.copied.records); n > 0 {
		head = c.copied.records[n-1].number
	}
	begin, _ := present.find(head + 1)
	rest.records = present.records[begin:]
	for _, s := range present.snapshots {
		if !slices.ContainsFunc(c.copied.snapshots, func(copied copiedSnapshot) bool { return copied.isOf(s) }) {
			rest.snapshots = append(rest.snapshots, s)
		}
	}
	return rest
}

func (c *copier) copyAll(ctx context.Context, wanted index) error {
	for _, s := range wanted.snapshots {
		copied := copiedSnapshot{snapshotPlaces: snapshotPlaces{covers: s.covers}, original: s.chunks[0].offset}
		for i, at := range s.chunks {
			h := frameHeader{kind: kindSnapshot, number: s.covers, index: uint32(i), count: uint32(len(s.chunks))}
			chunk, err := c.copy(ctx, h, at)
			if err != nil {
				return err
			}
			copied.chunks = append(copied.chunks, chunk)
		}
		c.copied.snapshots = append(c.copied.snapshots, copied)
	}
	for _, r := range wanted.records {
		at, err := c.copy(ctx, frameHeader{kind: kindRecord, number: r.number, count: 1}, r.place)
		if err != nil {
			return err
		}
		c.copied.records = append(c.copied.records, recordPlace{number: r.number, place: at})
	}
	return nil
}

// copy copies one frame. A payload is taken as it is: if it is damaged, its own checksum, which the log verifies, keeps saying so.
func (c *copier) copy(ctx context.Context, h frameHeader, at place) (place, error) {
	if err := c.device.checkNow(ctx); err != nil {
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
