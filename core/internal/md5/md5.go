// Package md5 is the MD5 hash (RFC 1321) that CouchDB's revision ids and replication ids are made with. It identifies; it protects nothing.
//
// It is here because the standard library's brings its FIPS 140 machinery along: 45 kilobytes of what a page has to load.
package md5

import (
	"encoding/binary"
	"math/bits"
)

// Size is the length of a hash in bytes.
const Size = 16

const blockSize = 64

var initial = [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}

// Sum returns the hash of data.
func Sum(data []byte) [Size]byte {
	state := initial
	whole := len(data) &^ (blockSize - 1)
	for at := 0; at < whole; at += blockSize {
		mix(&state, (*[blockSize]byte)(data[at:]))
	}
	return finish(state, data[whole:], uint64(len(data)))
}

// mix adds a block to the state: four rounds of sixteen steps. In each round the words come in another order, and are mixed by
// another function.
func mix(state *[4]uint32, block *[blockSize]byte) {
	var words [16]uint32
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	a, b, c, d := state[0], state[1], state[2], state[3]
	for i := 0; i < 16; i += 4 {
		a = b + bits.RotateLeft32(a+((c^d)&b^d)+words[i]+sines[i], 7)
		d = a + bits.RotateLeft32(d+((b^c)&a^c)+words[i+1]+sines[i+1], 12)
		c = d + bits.RotateLeft32(c+((a^b)&d^b)+words[i+2]+sines[i+2], 17)
		b = c + bits.RotateLeft32(b+((d^a)&c^a)+words[i+3]+sines[i+3], 22)
	}
	for i := 16; i < 32; i += 4 {
		a = b + bits.RotateLeft32(a+((b^c)&d^c)+words[(5*i+1)&15]+sines[i], 5)
		d = a + bits.RotateLeft32(d+((a^b)&c^b)+words[(5*i+6)&15]+sines[i+1], 9)
		c = d + bits.RotateLeft32(c+((d^a)&b^a)+words[(5*i+11)&15]+sines[i+2], 14)
		b = c + bits.RotateLeft32(b+((c^d)&a^d)+words[(5*i)&15]+sines[i+3], 20)
	}
	for i := 32; i < 48; i += 4 {
		a = b + bits.RotateLeft32(a+(b^c^d)+words[(3*i+5)&15]+sines[i], 4)
		d = a + bits.RotateLeft32(d+(a^b^c)+words[(3*i+8)&15]+sines[i+1], 11)
		c = d + bits.RotateLeft32(c+(d^a^b)+words[(3*i+11)&15]+sines[i+2], 16)
		b = c + bits.RotateLeft32(b+(c^d^a)+words[(3*i+14)&15]+sines[i+3], 23)
	}
	for i := 48; i < 64; i += 4 {
		a = b + bits.RotateLeft32(a+(c^(b|^d))+words[(7*i)&15]+sines[i], 6)
		d = a + bits.RotateLeft32(d+(b^(a|^c))+words[(7*i+7)&15]+sines[i+1], 10)
		c = d + bits.RotateLeft32(c+(a^(d|^b))+words[(7*i+14)&15]+sines[i+2], 15)
		b = c + bits.RotateLeft32(b+(d^(c|^a))+words[(7*i+5)&15]+sines[i+3], 21)
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
}

// sines are the constants of the steps: the first 32 bits after the point of |sin(1)|, |sin(2)| and so on.
var sines = [64]uint32{
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee,
	0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
	0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05,
	0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039,
	0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
}
