package mango

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
)

// NoBookmark is the bookmark of a page without documents after which there is nothing. CouchDB too refuses to go on from it.
const NoBookmark = "nil"

const bookmarkVersion = 1

// bookmark says where the next page begins: after a position in the order of a plan.
type bookmark struct {
	// plan tells plans apart: a position means nothing in the order of another query, or of another index.
	plan     uint64
	position []byte
}

func invalidBookmark(printed string) *core.Error {
	return fail("invalid_bookmark", "Invalid bookmark value: "+printed)
}

func decodeBookmark(text string) (bookmark, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 10 || raw[0] != bookmarkVersion {
		return bookmark{}, invalidBookmark(strconv.Quote(text))
	}
	return bookmark{plan: binary.BigEndian.Uint64(raw[1:9]), position: raw[9:]}, nil
}

func (b bookmark) String() string {
	raw := binary.BigEndian.AppendUint64([]byte{bookmarkVersion}, b.plan)
	return base64.RawURLEncoding.EncodeToString(append(raw, b.position...))
}
