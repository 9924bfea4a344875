package md5

import "encoding/binary"

// Hash is a hash of data that comes in pieces. The zero Hash is not usable: see [New].
type Hash struct {
	state  [4]uint32
	block  [blockSize]byte // of what came last, what does not fill a block yet
	length uint64
}

// New returns the hash of nothing yet.
func New() *Hash {
	return &Hash{state: initial}
}

// Write adds data. It never fails.
func (h *Hash) Write(data []byte) (int, error) {
	written := len(data)
	held := int(h.length % blockSize)
	h.length += uint64(written)
	if held > 0 {
		n := copy(h.block[held:], data)
		data = data[n:]
		if held+n < blockSize {
			return written, nil
		}
		mix(&h.state, &h.block)
	}
	for len(data) >= blockSize {
		mix(&h.state, (*[blockSize]byte)(data))
		data = data[blockSize:]
	}
	copy(h.block[:], data)
	return written, nil
}

// Sum returns the hash of what was written so far.
func (h *Hash) Sum() [Size]byte {
	return finish(h.state, h.block[:h.length%blockSize], h.length)
}

// finish mixes in the rest, a one bit, zeros, and the length in bits, which together fill one block or two.
func finish(state [4]uint32, rest []byte, length uint64) [Size]byte {
	var tail [2 * blockSize]byte
	n := copy(tail[:], rest)
	tail[n] = 0x80
	end := blockSize
	if n >= blockSize-8 {
		end = 2 * blockSize
	}
	binary.LittleEndian.PutUint64(tail[end-8:], length*8)
	for at := 0; at < end; at += blockSize {
		mix(&state, (*[blockSize]byte)(tail[at:]))
	}
	var sum [Size]byte
	for i, word := range state {
		binary.LittleEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}
