package file

import (
	"bytes"
	"context"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// remains is what can be found in a file, damaged or not. It is a logkv.Remains.
type remains struct {
	scanner
	index     index
	problems  []string
	torn      int64 // bytes at the end that a crash left, and the next open cuts off
	saltKnown bool
}

var _ logkv.Remains = (*remains)(nil)

// findRemains goes through a file and finds all frames, also those behind a damaged place. It changes nothing.
func findRemains(file io.ReaderAt, size int64) (*remains, error) {
	r := &remains{scanner: scanner{file: file, size: size}, saltKnown: true}
	sound, err := scanFile(file, size)
	if err == nil {
		r.index, r.torn = sound.index, size-sound.size
		return r, nil
	}
	if _, err := r.readFileHeader(); err != nil {
		if core.AsError(err).Name != core.ErrCorrupt.Name {
			return nil, err
		}
		r.problems = append(r.problems, core.AsError(err).Reason)
		r.saltKnown = false
	}
	return r, r.search()
}

// search goes on behind what cannot be understood.
func (r *remains) search() error {
	snapshots := map[uint64]*snapshotPlaces{}
	for at := int64(fileHeaderSize); at+frameHeaderSize <= r.size; {
		frame, found, err := r.frameAt(at)
		if err != nil {
			return err
		}
		if !found {
			next, err := r.nextFrame(at + 1)
			if err != nil {
				return err
			}
			r.problems = append(r.problems, "the file is damaged from byte "+strconv.FormatInt(at, 10)+" to "+strconv.FormatInt(next, 10))
			at = next
			continue
		}
		r.keep(frame, snapshots)
		at = frame.end()
	}
	for _, s := range snapshots {
		r.index.addSnapshot(*s)
	}
	return nil
}

func (r *remains) keep(frame span, snapshots map[uint64]*snapshotPlaces) {
	at := place{offset: frame.payload(), length: int(frame.length)}
	switch frame.kind {
	case kindRecord:
		// Numbers ascend in a file. What does not is left of an interrupted write.
		if frame.number > r.index.head() {
			r.index.records = append(r.index.records, recordPlace{number: frame.number, place: at})
		}
	case kindSnapshot:
		const tooMany = 1 << 20
		if frame.count > tooMany || frame.index >= frame.count {
			return
		}
		s := snapshots[frame.number]
		if s == nil || len(s.chunks) != int(frame.count) {
			s = &snapshotPlaces{covers: frame.number, chunks: make([]place, frame.count)}
			snapshots[frame.number] = s
		}
		s.chunks[frame.index] = at
	}
}

// frameAt reads the header of a frame, if there is one.
func (r *remains) frameAt(at int64) (span, bool, error) {
	data, err := r.bytes(at, frameHeaderSize)
	if err != nil {
		return span{}, false, err
	}
	if r.saltKnown {
		h, ok := parseFrameHeader(data, r.salt)
		frame := span{frameHeader: h, offset: at}
		return frame, ok && frame.end() <= r.size, nil
	}
	// Without the salt a header cannot be verified, but its payload can.
	h, ok := readFrameHeader(data)
	frame := span{frameHeader: h, offset: at}
	if !ok || frame.end() > r.size {
		return frame, false, nil
	}
	payload, err := r.bytes(frame.payload(), int(frame.length))
	if err != nil {
		return frame, false, err
	}
	return frame, crc32.Checksum(payload, castagnoli) == frame.checksum, nil
}

// nextFrame returns where the next frame begins, or the end of the file.
func (r *remains) nextFrame(from int64) (int64, error) {
	for from+frameHeaderSize <= r.size {
		data, err := r.bytes(from, int(min(scanBytes, r.size-from)))
		if err != nil {
			return 0, err
		}
		i := bytes.Index(data, []byte(frameMagic))
		if i < 0 {
			from += int64(max(1, len(data)-len(frameMagic)+1))
			continue
		}
		from += int64(i)
		if from+frameHeaderSize > r.size {
			break
		}
		if _, found, err := r.frameAt(from); err != nil || found {
			return from, err
		}
		from++
	}
	return r.size, nil
}

// Snapshots implements logkv.Remains.
func (r *remains) Snapshots(ctx context.Context) (found []logkv.Base, err error) {
	for _, s := range r.index.snapshots {
		base := logkv.Base{Covers: s.covers, Chunks: make([][]byte, len(s.chunks))}
		for i, at := range s.chunks {
			if at.length == 0 {
				continue // it is lost
			}
			if base.Chunks[i], err = r.read(ctx, at); err != nil {
				return nil, err
			}
		}
		found = append(found, base)
	}
	return found, nil
}

// Numbers implements logkv.Remains.
func (r *remains) Numbers(context.Context) ([]uint64, error) {
	numbers := make([]uint64, len(r.index.records))
	for i, record := range r.index.records {
		numbers[i] = record.number
	}
	return numbers, nil
}

// Read implements logkv.Remains.
func (r *remains) Read(ctx context.Context, number uint64) ([]byte, error) {
	at, found := r.index.find(number)
	if !found {
		return nil, nil
	}
	return r.read(ctx, r.index.records[at].place)
}

func (r *remains) read(ctx context.Context, at place) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data := make([]byte, at.length)
	_, err := r.file.ReadAt(data, at.offset)
	return data, err
}
