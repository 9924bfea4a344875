package revid

import (
	"encoding/binary"
	"math"
)

// Tags of Erlang's external term format, as far as documents need it.
const (
	versionMagic = 131
	tagFloat     = 70
	tagSmallInt  = 97
	tagInt       = 98
	tagAtom      = 100
	tagTuple     = 104
	tagNil       = 106
	tagString    = 107 // a list of bytes
	tagList      = 108
	tagBinary    = 109
	tagBig       = 110
)

func (e *encoder) bytes(b ...byte) { e.buf = append(e.buf, b...) }

func (e *encoder) uint32(n uint32) { e.buf = binary.BigEndian.AppendUint32(e.buf, n) }

// list begins a list of n terms, which tagNil ends.
func (e *encoder) list(n int) {
	e.bytes(tagList)
	e.uint32(uint32(n))
}

func (e *encoder) atom(name string) {
	e.bytes(tagAtom, 0, byte(len(name)))
	e.buf = append(e.buf, name...)
}

func (e *encoder) bool(b bool) {
	if b {
		e.atom("true")
	} else {
		e.atom("false")
	}
}

func (e *encoder) binary(s string) {
	e.bytes(tagBinary)
	e.uint32(uint32(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) float(f float64) {
	e.bytes(tagFloat)
	e.buf = binary.BigEndian.AppendUint64(e.buf, math.Float64bits(f))
}

func (e *encoder) uint(n uint64) { e.int(n, false) }

// int encodes an integer of which 64 bits hold the magnitude.
func (e *encoder) int(magnitude uint64, negative bool) {
	switch {
	case !negative && magnitude <= math.MaxUint8:
		e.bytes(tagSmallInt, byte(magnitude))
	case !negative && magnitude <= math.MaxInt32:
		e.bytes(tagInt)
		e.uint32(uint32(magnitude))
	case negative && magnitude <= -math.MinInt32:
		e.bytes(tagInt)
		e.uint32(-uint32(magnitude))
	default:
		start := e.big(negative)
		for ; magnitude > 0; magnitude >>= 8 {
			e.bytes(byte(magnitude))
		}
		e.endBig(start)
	}
}

// big begins an integer whose magnitude follows, low bytes first; endBig, given what big returned, ends it.
func (e *encoder) big(negative bool) (start int) {
	start = len(e.buf)
	sign := byte(0)
	if negative {
		sign = 1
	}
	e.bytes(tagBig, 0, sign)
	return start
}

func (e *encoder) endBig(start int) { e.buf[start+1] = byte(len(e.buf) - start - 3) }

// attachments encodes the list of attachments, which CouchDB keeps in the reverse of their order in the document.
func (e *encoder) attachments(attachments []Attachment) {
	if len(attachments) > 0 {
		e.list(len(attachments))
		for i := len(attachments) - 1; i >= 0; i-- {
			e.bytes(tagTuple, 3)
			e.binary(attachments[i].Name)
			e.binary(attachments[i].ContentType)
			e.binary(string(attachments[i].Digest[:]))
		}
	}
	e.bytes(tagNil)
}
