package file

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
)

// scan is what an open finds in the file.
type scan struct {
	index   index
	size    int64 // up to here the file is good; what follows was torn by a crash and is to be cut off
	durable int64 // up to here the file is known to be on disk
	closed  bool  // the last frame says that the file was closed in order
	salt    uint64
}

// scanner reads a file's frames.
type scanner struct {
	file   io.ReaderAt
	size   int64
	salt   uint64
	buffer []byte // of the file, from at on
	at     int64
}

// span is a frame with its header's place.
type span struct {
	frameHeader
	offset int64
}

func (s span) payload() int64 { return s.offset + frameHeaderSize }
func (s span) end() int64     { return s.payload() + int64(s.length) }

// scanFile reads the headers of all frames, and those payloads that may have been torn. It changes nothing.
func scanFile(file io.ReaderAt, size int64) (scan, error) {
	s := &scanner{file: file, size: size}
	durable, err := s.readFileHeader()
	if err != nil {
		return scan{}, err
	}
	frames, end, err := s.readFrames()
	if err != nil {
		return scan{}, err
	}
	for _, frame := range frames {
		durable = max(durable, frame.durable)
	}
	if end < size {
		later, err := s.durableAfter(end)
		if err != nil {
			return scan{}, err
		}
		durable = max(durable, later)
	}
	if durable > end {
		return scan{}, damaged(frames, end)
	}
	if frames, err = s.dropTorn(frames, durable); err != nil {
		return scan{}, err
	}
	result := build(frames, durable)
	result.salt = s.salt
	return result, nil
}

// readFileHeader returns the durable size that the header tells.
func (s *scanner) readFileHeader() (durable int64, err error) {
	var header [fileHeaderSize]byte
	if _, err := s.file.ReadAt(header[:], 0); err != nil {
		return 0, err
	}
	content := header[:fileHeaderSize-4]
	switch {
	case string(header[:len(fileMagic)]) != fileMagic:
		return 0, core.ErrStorage.Because("the file is not a GouchDB database")
	case crc32.Checksum(content, castagnoli) != binary.LittleEndian.Uint32(header[len(content):]):
		return 0, core.ErrCorrupt.Because("the checksum of the file's header is wrong")
	case binary.LittleEndian.Uint32(header[12:]) > fileVersion:
		return 0, core.ErrNewerFormat
	}
	s.salt = binary.LittleEndian.Uint64(header[24:])
	return int64(binary.LittleEndian.Uint64(header[16:])), nil
}

// readFrames returns the frames from the beginning on and where they end, which is the end of the file if all is well.
func (s *scanner) readFrames() (frames []span, end int64, err error) {
	end = fileHeaderSize
	for end+frameHeaderSize <= s.size {
		data, err := s.bytes(end, frameHeaderSize)
		if err != nil {
			return nil, 0, err
		}
		h, ok := parseFrameHeader(data, s.salt)
		frame := span{frameHeader: h, offset: end}
		if !ok || frame.end() > s.size {
			break
		}
		frames = append(frames, frame)
		end = frame.end()
	}
	return frames, end, nil
}

// scanBytes is how much is read at once: many small frames, or the header of a large one.
const scanBytes = 64 << 10

// bytes returns a piece of the file, valid until the next call.
func (s *scanner) bytes(offset int64, length int) ([]byte, error) {
	if offset < s.at || offset+int64(length) > s.at+int64(len(s.buffer)) {
		if cap(s.buffer) < max(length, scanBytes) {
			s.buffer = make([]byte, max(length, scanBytes))
		}
		s.buffer = s.buffer[:cap(s.buffer)]
		n, err := s.file.ReadAt(s.buffer, offset)
		if err != nil && err != io.EOF {
			return nil, err
		}
		s.buffer, s.at = s.buffer[:n], offset
		if n < length {
			return nil, io.ErrUnexpectedEOF
		}
	}
	begin := int(offset - s.at)
	return s.buffer[begin : begin+length], nil
}

// durableAfter looks for frames behind a place where there should be one and is none, and returns how much of the file they say was on
// disk. They may be the rest of an interrupted write; but if they are later than the place's own writing, the place is damaged.
func (s *scanner) durableAfter(offset int64) (durable int64, err error) {
	for offset++; offset+frameHeaderSize <= s.size; {
		length := int(min(scanBytes, s.size-offset))
		data, err := s.bytes(offset, length)
		if err != nil {
			return 0, err
		}
		i := bytes.Index(data, []byte(frameMagic))
		switch {
		case i < 0:
			offset += int64(max(1, length-len(frameMagic)+1))
			continue
		case i > 0 && i+frameHeaderSize > length: // read on from there
			offset += int64(i)
			continue
		}
		if h, ok := parseFrameHeader(data[i:], s.salt); ok {
			durable = max(durable, h.durable)
		}
		offset += int64(i) + 1
	}
	return durable, nil
}

// dropTorn returns the frames up to the first that a crash has torn. Only what was not on disk for sure needs a look.
func (s *scanner) dropTorn(frames []span, durable int64) ([]span, error) {
	whole, begin := 0, 0 // frames up to whole are good; begin is where the write that is being looked at begins
	for i, frame := range frames {
		if frame.index == 0 {
			begin = i
		}
		if int(frame.index) != i-begin || frame.index >= frame.count || frame.count != frames[begin].count {
			break
		}
		if frame.end() > durable {
			payload, err := s.bytes(frame.payload(), int(frame.length))
			if err != nil {
				return nil, err
			}
			if crc32.Checksum(payload, castagnoli) != frame.checksum {
				break
			}
		}
		if frame.index == frame.count-1 {
			whole = i + 1
		}
	}
	if whole < len(frames) && frames[whole].offset < durable {
		return nil, damaged(frames[:whole], frames[whole].offset)
	}
	return frames[:whole], nil
}

// build makes an index of frames.
func build(frames []span, durable int64) scan {
	result := scan{size: fileHeaderSize, durable: durable}
	var chunks []place
	for _, frame := range frames {
		at := place{offset: frame.payload(), length: int(frame.length)}
		switch frame.kind {
		case kindRecord:
			result.index.records = append(result.index.records, recordPlace{number: frame.number, place: at})
		case kindSnapshot:
			if chunks = append(chunks, at); frame.index == frame.count-1 {
				result.index.addSnapshot(snapshotPlaces{covers: frame.number, chunks: chunks})
				chunks = nil
			}
		}
		result.size = frame.end()
		result.closed = frame.kind == kindClosed
	}
	return result
}

// damaged names the record after the last good one.
func damaged(good []span, offset int64) error {
	var last uint64
	for _, frame := range good {
		if frame.kind == kindRecord {
			last = max(last, frame.number)
		}
	}
	return core.ErrCorrupt.Because("the file is damaged at byte " + strconv.FormatInt(offset, 10) + ", after record " +
		strconv.FormatUint(last, 10) + " of the log")
}
