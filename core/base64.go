package core

import (
	"encoding/base64"
	"slices"
)

// base64Pairs holds the two characters that stand for each twelve bits, the first one in the lower byte.
var base64Pairs = func() (pairs [1 << 12]uint16) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range pairs {
		pairs[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return pairs
}()

// appendBase64 is base64.StdEncoding.AppendEncode, four times as fast in WebAssembly: contents of attachments are long.
func appendBase64(dst, data []byte) []byte {
	whole := len(data) / 3
	dst = slices.Grow(dst, 4*whole+4)
	out := dst[len(dst) : len(dst)+4*whole]
	for in := data; len(in) >= 3 && len(out) >= 4; in, out = in[3:], out[4:] {
		first := base64Pairs[int(in[0])<<4|int(in[1]>>4)]
		second := base64Pairs[int(in[1]&15)<<8|int(in[2])]
		out[0], out[1], out[2], out[3] = byte(first), byte(first>>8), byte(second), byte(second>>8)
	}
	return base64.StdEncoding.AppendEncode(dst[:len(dst)+4*whole], data[3*whole:])
}
