package file

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// diskFile is what a device needs of an *os.File; tests put something less reliable in its place.
type diskFile interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// device is a logkv.Device over one file.
type device struct {
	path string
	wrap func(*os.File) diskFile // what to use in place of a file
	lock *lock

	// rewriting is held, and taken before the others, by whoever replaces or closes the file.
	rewriting sync.Mutex
	// writing is held by whoever writes. What follows it is guarded by it.
	writing sync.Mutex
	salt    uint64
	durable int64 // up to here the file is on disk for sure
	marked  bool  // the last frame says that the file was closed in order
	torn    bool  // behind size there is something that a failed write left
	renamed bool  // the file was replaced, and its directory is not on disk yet

	// mutex guards what readers use. Writers that change it hold both.
	mutex  sync.RWMutex
	file   diskFile
	index  index
	size   int64
	closed bool
}

var _ logkv.Device = (*device)(nil)

// openDevice opens the file at path, or makes one.
func openDevice(path string, wrap func(*os.File) diskFile) (_ *device, err error) {
	d := &device{path: path, wrap: wrap}
	file, held, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	d.file, d.lock = wrap(file), held
	defer func() {
		if err != nil {
			err = errors.Join(err, d.release())
		}
	}()
	size, err := d.begin(file)
	if err != nil {
		return nil, d.explain(err)
	}
	found, err := scanFile(d.file, size)
	if err != nil {
		return nil, d.explain(err)
	}
	d.index, d.size, d.durable, d.marked, d.salt = found.index, found.size, found.durable, found.closed, found.salt
	d.torn = found.size < size
	if err := d.mend(); err != nil {
		return nil, d.explain(err)
	}
	// What a compaction left that did not get as far as its rename.
	if err := os.Remove(rewritePath(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, d.explain(err)
	}
	return d, nil
}

// begin writes the header of a new file, and of one that a crash left without. It returns the file's size.
func (d *device) begin(file *os.File) (size int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if size = info.Size(); size >= fileHeaderSize {
		return size, nil
	}
	header := appendFileHeader(nil, 0, newSalt())
	start := make([]byte, size)
	if _, err := file.ReadAt(start, 0); err != nil && err != io.EOF {
		return 0, err
	}
	if n := min(size, int64(len(fileMagic))); string(start[:n]) != fileMagic[:n] {
		return 0, core.ErrStorage.Because("the file is not a GouchDB database")
	}
	if _, err := d.file.WriteAt(header, 0); err != nil {
		return 0, err
	}
	if err := d.file.Sync(); err != nil {
		return 0, err
	}
	return fileHeaderSize, syncDirectory(d.path)
}

// mend cuts off what a crash or a failed write left behind the last good frame, and finishes a replacement. The caller holds writing, or is the only one.
func (d *device) mend() error {
	if d.renamed {
		if err := syncDirectory(d.path); err != nil {
			return err
		}
		d.renamed = false
	}
	if !d.torn {
		return nil
	}
	if err := d.file.Truncate(d.size); err != nil {
		return err
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.torn = false
	d.durable = d.size
	return nil
}

// check returns why an operation cannot go on. The caller holds mutex.
func (d *device) check(ctx context.Context) error {
	if d.closed {
		return core.ErrClosed
	}
	return ctx.Err()
}

// Load implements logkv.Device.
func (d *device) Load(ctx context.Context, below uint64, maxBytes int) (base logkv.Base, err error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if err := d.check(ctx); err != nil {
		return base, err
	}
	for _, s := range d.index.snapshots {
		if s.covers >= below {
			continue
		}
		base.Covers = s.covers
		for _, chunk := range s.chunks {
			data, err := d.read(chunk)
			if err != nil {
				return logkv.Base{}, err
			}
			base.Chunks = append(base.Chunks, data)
		}
		break
	}
	base.Records, err = d.readFrom(base.Covers+1, maxBytes)
	return base, err
}

// ReadFrom implements logkv.Device.
func (d *device) ReadFrom(ctx context.Context, from uint64, maxBytes int) ([]logkv.Record, error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	return d.readFrom(from, maxBytes)
}

func (d *device) readFrom(from uint64, maxBytes int) (records []logkv.Record, err error) {
	begin, _ := d.index.find(from)
	for _, r := range d.index.records[begin:] {
		if maxBytes -= r.length; maxBytes < 0 && len(records) > 0 {
			break
		}
		data, err := d.read(r.place)
		if err != nil {
			return nil, err
		}
		records = append(records, logkv.Record{Number: r.number, Data: data})
	}
	return records, nil
}

// Read implements logkv.Device.
func (d *device) Read(ctx context.Context, numbers []uint64) ([][]byte, error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	records := make([][]byte, len(numbers))
	for i, number := range numbers {
		at, found := d.index.find(number)
		if !found {
			continue
		}
		var err error
		if records[i], err = d.read(d.index.records[at].place); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// read returns a payload. Its checksum is the reader's business.
func (d *device) read(at place) ([]byte, error) {
	data := make([]byte, at.length)
	if _, err := d.file.ReadAt(data, at.offset); err != nil {
		return nil, d.explain(err)
	}
	return data, nil
}

// Watch does nothing: nobody else has the file.
func (d *device) Watch(func()) {}

// Size implements logkv.Device.
func (d *device) Size(ctx context.Context) (uint64, error) {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	if err := d.check(ctx); err != nil {
		return 0, err
	}
	return uint64(d.size), nil
}

// Close implements logkv.Device.
func (d *device) Close() error {
	if !d.shut() {
		return nil
	}
	d.rewriting.Lock()
	defer d.rewriting.Unlock()
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	err := d.mark()
	return errors.Join(d.explain(err), d.release())
}

// Destroy implements logkv.Device.
func (d *device) Destroy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	open := d.shut()
	d.rewriting.Lock()
	defer d.rewriting.Unlock()
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !open {
		// Somebody else may have opened the file since, so the lock has to be had again.
		if _, err := os.Stat(d.path); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		file, held, err := openLocked(d.path)
		if err != nil {
			return err
		}
		return d.explain(held.destroy(file, d.path))
	}
	return d.explain(d.lock.destroy(d.file, d.path))
}

// shut lets no more calls begin, and a rewriting end. It reports whether that was not so already.
func (d *device) shut() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	was := d.closed
	d.closed = true
	return !was
}

// release gives up the file and the lock.
func (d *device) release() error {
	return d.lock.close(d.file)
}
