package engine

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// successor is a local database, which can take another one's place.
type successor interface {
	Succeed(ctx context.Context, uuid string, seq uint64) error
}

// succeed gives a database the identity and the sequence of another one, whose documents it has been given.
func succeed(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	uuid := r.string("uuid")
	seq, _ := r.count("update_seq")
	if r.err != nil {
		return nil, r.err
	}
	local, is := db.(successor)
	if !is {
		return nil, core.ErrNotImplemented.Because("a remote database cannot take another one's place from here")
	}
	if err := local.Succeed(ctx, uuid, uint64(seq)); err != nil {
		return nil, err
	}
	return ok, nil
}
