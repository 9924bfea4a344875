package core

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// Rev identifies a revision of a document: its generation (1 for the first, parent's + 1) and its hash.
// The zero Rev stands for "no revision".
type Rev struct {
	Generation uint64
	// Hash is the id in CouchDB's internal form: the 16 bytes of a 32-digit hexadecimal id, or the text itself of any other.
	Hash string
}

// ParseRev reads "generation-hash". Hexadecimal hashes lose their case. It returns ErrBadRev for a text that CouchDB refuses:
// without a generation, or with 32 characters after the dash that are not hexadecimal. Generations beyond 64 bits are taken as the largest.
func ParseRev(text string) (Rev, error) { return parseRev([]byte(text)) }

// ReadRev is [ParseRev] of a JSON string. Any other value is an ErrBadRev.
func ReadRev(value []byte) (Rev, error) {
	if value = rawjson.Trim(value); rawjson.KindOf(value) != rawjson.String {
		return Rev{}, ErrBadRev
	}
	return parseRev(rawjson.Name(value))
}

func parseRev(text []byte) (Rev, error) {
	generation, hash, found := bytes.Cut(text, []byte{'-'})
	if !found || len(generation) == 0 {
		return Rev{}, ErrBadRev
	}
	var n uint64
	for _, c := range generation {
		if c < '0' || c > '9' {
			return Rev{}, ErrBadRev
		}
		if digit := uint64(c - '0'); n > (math.MaxUint64-digit)/10 {
			n = math.MaxUint64
		} else {
			n = 10*n + digit
		}
	}
	id, err := parseHash(hash)
	if err != nil {
		return Rev{}, err
	}
	if n == 0 && id == "" {
		id = "0" // "0-" is no revision that can exist, but it is not "no revision" either
	}
	return Rev{Generation: n, Hash: id}, nil
}

// ParseHash turns the part of a revision after the dash into the internal form that [Rev] holds.
func ParseHash(text string) (string, error) { return parseHash([]byte(text)) }

func parseHash(text []byte) (string, error) {
	if len(text) != 32 {
		return string(text), nil
	}
	var few [16]byte
	raw, ok := hex.AppendDecode(few[:0], text)
	if !ok {
		return "", ErrBadRev
	}
	return string(raw), nil
}

// FormatHash is the reverse of [ParseHash].
func FormatHash(hash string) string {
	if len(hash) == 16 {
		return hex.Encode(hash)
	}
	return hash
}

// String returns "generation-hash", "" for the zero Rev.
func (r Rev) String() string {
	if r.IsZero() {
		return ""
	}
	return strconv.FormatUint(r.Generation, 10) + "-" + FormatHash(r.Hash)
}

// IsZero reports whether r is no revision at all.
func (r Rev) IsZero() bool { return r == Rev{} }

// Compare orders revisions by generation, then by the bytes of the hash. Among leaves of equal liveness the greatest wins.
func (r Rev) Compare(other Rev) int {
	switch {
	case r.Generation < other.Generation:
		return -1
	case r.Generation > other.Generation:
		return 1
	}
	return strings.Compare(r.Hash, other.Hash)
}
