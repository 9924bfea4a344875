package file

import (
	"encoding/binary"
	"hash/crc32"
)

// The file's header is
//
//	magic         12 bytes
//	version       4 bytes
//	durable       8 bytes: the size that the file had, all on disk, when it took the place of an older one; 0 for a first file
//	salt          8 random bytes, which go into the checksums of the frames' headers, so that frames of another file which is
//	              stored in this one as data are not taken for this one's
//	checksum      4 bytes: CRC-32C of everything before
//
// Integers are little-endian, here and below.
const (
	fileMagic      = "GouchDB log\n"
	fileVersion    = 1
	fileHeaderSize = 12 + 4 + 8 + 8 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFileHeader(dst []byte, durable int64, salt uint64) []byte {
	begin := len(dst)
	dst = append(dst, fileMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, fileVersion)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(durable))
	dst = binary.LittleEndian.AppendUint64(dst, salt)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[begin:], castagnoli))
}

// A frame is a header and a payload. The header is
//
//	magic         4 bytes, the last of which is the kind
//	length        4 bytes: of the payload
//	number        8 bytes: the record's number, or the last record's that the snapshot covers
//	index, count  4 bytes each: which of how many frames written together; all are there or none counts
//	durable       8 bytes: how much of the file was known to be on disk when this was written
//	checksums     4 bytes each: CRC-32C of the payload, and of the salt and the header before this
const (
	frameMagic      = "\xF5Gd"
	frameHeaderSize = 4 + 4 + 8 + 4 + 4 + 8 + 4 + 4

	kindRecord   = 'R'
	kindSnapshot = 'S'
	kindClosed   = 'C' // has no payload; written when the file is closed in order, for what it says of durability
)

type frameHeader struct {
	kind         byte
	length       uint32
	number       uint64
	index, count uint32
	durable      int64
	checksum     uint32 // of the payload
}

func appendFrame(dst []byte, salt uint64, h frameHeader, payload []byte) []byte {
	begin := len(dst)
	dst = append(dst, frameMagic...)
	dst = append(dst, h.kind)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint64(dst, h.number)
	dst = binary.LittleEndian.AppendUint32(dst, h.index)
	dst = binary.LittleEndian.AppendUint32(dst, h.count)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.durable))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, headerChecksum(salt, dst[begin:]))
	return append(dst, payload...)
}

func headerChecksum(salt uint64, header []byte) uint32 {
	var salted [8]byte
	binary.LittleEndian.PutUint64(salted[:], salt)
	return crc32.Update(crc32.Checksum(salted[:], castagnoli), castagnoli, header)
}

// parseFrameHeader reads a header; ok is false when there is none.
func parseFrameHeader(data []byte, salt uint64) (h frameHeader, ok bool) {
	if h, ok = readFrameHeader(data); !ok {
		return h, false
	}
	return h, headerChecksum(salt, data[:36]) == binary.LittleEndian.Uint32(data[36:])
}

// readFrameHeader reads a header without verifying its checksum.
func readFrameHeader(data []byte) (h frameHeader, ok bool) {
	if len(data) < frameHeaderSize || string(data[:3]) != frameMagic {
		return frameHeader{}, false
	}
	h = frameHeader{
		kind:     data[3],
		length:   binary.LittleEndian.Uint32(data[4:]),
		number:   binary.LittleEndian.Uint64(data[8:]),
		index:    binary.LittleEndian.Uint32(data[16:]),
		count:    binary.LittleEndian.Uint32(data[20:]),
		durable:  int64(binary.LittleEndian.Uint64(data[24:])),
		checksum: binary.LittleEndian.Uint32(data[32:]),
	}
	return h, h.durable >= 0
}
