package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// Sequences leave the server as "N-opaque", CouchDB's form. The opaque part is made from the database's uuid, so that a
// sequence which a client has from a database of the same name that is gone is recognised, and the feed begins at the
// beginning instead of leaving documents out.

var errMalformedSince = core.ErrBadRequest.Because("Malformed sequence supplied in 'since' parameter.")

// opaquePart returns the part after the number, "" for a database whose sequences are opaque already.
func opaquePart(uuid string) string {
	if uuid == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(uuid))
	return hex.EncodeToString(hash[:8])
}

// sealSeq turns a sequence of the adapter into what clients see.
func (db *database) sealSeq(seq core.Seq) core.Seq {
	if db.opaque == "" {
		return seq
	}
	if seq == "" {
		seq = "0"
	}
	return seq + core.Seq("-"+db.opaque)
}

// openSeq turns what a client sent as since into a sequence of the adapter.
func (db *database) openSeq(ctx context.Context, text string) (core.Seq, error) {
	switch {
	case text == string(core.Now):
		return core.Now, nil
	case text == "0":
		return "", nil
	case db.opaque == "" && text != "":
		return core.Seq(text), nil
	}
	number, opaque, sealed := strings.Cut(text, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != number {
		return "", errMalformedSince
	}
	if sealed && opaque != db.opaque {
		return "", nil
	}
	info, err := db.Info(ctx)
	if err != nil {
		return "", err
	}
	newest, err := strconv.ParseUint(string(info.UpdateSeq), 10, 64)
	if err != nil && info.UpdateSeq != "" {
		return "", core.ErrInternal.Because("the database's update sequence is not a number").From(err)
	}
	if n > newest {
		if !sealed {
			return "", errMalformedSince
		}
		// The database has been restored from a copy that is older than what the client saw.
		return "", nil
	}
	if n == 0 {
		return "", nil
	}
	return core.Seq(number), nil
}
