package core

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Revisions is a revision with its ancestry, CouchDB's "_revisions" member. Each hash is one generation below the one before it.
type Revisions struct {
	Start  uint64   // generation of the first hash
	Hashes []string // internal form, newest first
}

// Rev returns the revision at position i, 0 being the newest.
func (r *Revisions) Rev(i int) Rev {
	return Rev{Generation: r.Start - uint64(i), Hash: r.Hashes[i]}
}

// ParseRevisions reads the value of a "_revisions" member.
func ParseRevisions(value []byte) (*Revisions, error) {
	c := rawjson.NewCursor(value)
	if !c.Open(rawjson.Object) {
		return nil, ErrDocValidation.Because("Bad special document member: _revisions")
	}
	var startText, ids []byte
	for c.Next() {
		switch string(rawjson.Name(c.Name())) {
		case "start":
			startText = c.Value()
		case "ids":
			ids = c.Value()
		default:
			c.Value()
		}
	}
	start, ok := rawjson.Int(startText)
	if !ok {
		return nil, ErrDocValidation.Because("_revisions.start isn't an integer.")
	}
	if c = rawjson.NewCursor(ids); !c.Open(rawjson.Array) {
		return nil, ErrDocValidation.Because("_revisions.ids isn't a array.")
	}
	revisions := &Revisions{Start: uint64(start)}
	for c.Next() {
		id := c.Value()
		if rawjson.KindOf(id) != rawjson.String {
			return nil, ErrDocValidation.Because("RevId isn't a string")
		}
		hash, err := parseHash(rawjson.Name(id))
		if err != nil {
			return nil, err
		}
		revisions.Hashes = append(revisions.Hashes, hash)
	}
	if start < 0 || len(revisions.Hashes) == 0 || uint64(len(revisions.Hashes)) > uint64(start)+1 {
		return nil, ErrDocValidation.Because("_revisions holds no ids, or more than its start allows")
	}
	return revisions, nil
}

// AppendJSON appends the value of a "_revisions" member.
func (r *Revisions) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"start":`...)
	dst = strconv.AppendUint(dst, r.Start, 10)
	dst = append(dst, `,"ids":[`...)
	for i, hash := range r.Hashes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, FormatHash(hash))
	}
	return append(dst, "]}"...)
}
