package core

import (
	"math"
	"strconv"
	"strings"

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
func ParseRev(text string) (Rev, error) {
	generation, hash, found := strings.Cut(text, "-")
	if !found || generation == "" {
		return Rev{}, ErrBadRev
	}
	for i := 0; i < len(generation); i++ {
		if generation[i] < '0' || generation[i] > '9' {
			return Rev{}, ErrBadRev
		}
	}
	n, err := strconv.ParseUint(generation, 10, 64)
	if err != nil {
		n = math.MaxUint64
	}
	if hash, err = ParseHash(hash); err != nil {
		return Rev{}, err
	}
	if n == 0 && hash == "" {
		hash = "0" // "0-" is no revision that can exist, but it is not "no revision" either
	}
	return Rev{Generation: n, Hash: hash}, nil
}

// ParseHash turns the part of a revision after the dash into the internal form that [Rev] holds.
func ParseHash(text string) (string, error) {
	if len(text) != 32 {
		return text, nil
	}
	raw, ok := hex.Decode(text)
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

// Revisions is a revision with its ancestry, CouchDB's "_revisions" member. Each hash is one generation below the one before it.
type Revisions struct {
	Start  uint64   // generation of the first hash
	Hashes []string // internal form, newest first
}

// Rev returns the revision at position i, 0 being the newest.
func (r *Revisions) Rev(i int) Rev {
	return Rev{Generation: r.Start - uint64(i), Hash: r.Hashes[i]}
}
