// Package peer lets the replicator work with any JavaScript object that has PouchDB's public methods: a database of PouchDB's, one of ours whose
// methods were replaced, a test double. Its Adapter asks JavaScript for what the object answers; the texts are CouchDB's.
//
// It does what replication needs. Whatever else an Adapter can do, the object can be asked for directly.
package peer

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// DB is an Adapter over an object.
type DB struct {
	ask  engine.Ask
	peer string
}

var _ core.Adapter = (*DB)(nil)

// New returns the adapter of the object that JavaScript knows by that name.
func New(ask engine.Ask, name string) *DB { return &DB{ask: ask, peer: name} }

// call asks for a method. arguments has the members that it is given.
func (db *DB) call(ctx context.Context, method, arguments string, raw []byte) (text, follows []byte, err error) {
	about := rawjson.AppendString([]byte(`"about":"peer","peer":`), db.peer)
	about = rawjson.AppendString(append(about, `,"method":`...), method)
	about = append(about, `,"arguments":{`...)
	return db.ask(ctx, append(append(about, arguments...), '}'), raw)
}

// Identity implements [core.Adapter].
func (db *DB) Identity(ctx context.Context) (string, error) {
	text, _, err := db.call(ctx, "id", "", nil)
	id, _ := rawjson.Text(text)
	return id, err
}

// Info implements [core.Adapter]. PouchDB does not tell how many documents are deleted: where there were changes, there is taken to be one.
func (db *DB) Info(ctx context.Context) (core.Info, error) {
	text, _, err := db.call(ctx, "info", "", nil)
	if err != nil {
		return core.Info{}, err
	}
	info, err := wire.ParseInfo(text)
	if info.UpdateSeq != "" && info.UpdateSeq != "0" {
		info.DocDelCount = max(info.DocDelCount, 1)
	}
	return info, err
}

// Get implements [core.Adapter]. The replicator gets checkpoints only, without options.
func (db *DB) Get(ctx context.Context, docID string, _ core.GetOptions) (*core.Document, error) {
	text, _, err := db.call(ctx, "get", member("id", docID), nil)
	if err != nil {
		return nil, err
	}
	return core.ParseDocument(text)
}

// OpenRevs implements [core.Adapter].
func (db *DB) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	if options.All || !options.Attachments {
		return nil, unneeded()
	}
	requests := make([]core.DocRev, len(options.Revs))
	for i, rev := range options.Revs {
		requests[i] = core.DocRev{ID: docID, Rev: rev}
	}
	results, err := db.BulkGet(ctx, requests, core.BulkGetOptions{Revs: true, Latest: options.Latest, Attachments: true})
	if err != nil {
		return nil, err
	}
	var revs []core.OpenRev
	for _, result := range results {
		for _, answer := range result.Docs {
			if answer.Err == nil {
				revs = append(revs, core.OpenRev{Rev: answer.Doc.Rev, Doc: answer.Doc})
			} else {
				revs = append(revs, core.OpenRev{Rev: answer.Rev})
			}
		}
	}
	return revs, nil
}

// BulkGet implements [core.Adapter]. The answers to several requests for one document may each have what all of them asked for.
func (db *DB) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	arguments := `"latest":` + boolean(options.Latest) + `,"attachments":` + boolean(options.Attachments) + `,"request":`
	text, raw, err := db.call(ctx, "bulkGet", string(wire.AppendBulkGetRequest([]byte(arguments), requests)), nil)
	if err != nil {
		return nil, err
	}
	results, err := wire.ParseBulkGetResults(text)
	for _, result := range results {
		for _, answer := range result.Docs {
			if answer.Doc != nil {
				raw = take(answer.Doc, raw)
			}
		}
	}
	return results, err
}

// take gives a document the contents that followed the answer, and returns those that are left.
func take(doc *core.Document, raw []byte) []byte {
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if !a.Follows {
			continue
		}
		size := min(max(a.Length, 0), int64(len(raw)))
		a.Follows, a.Data = false, raw[:size:size]
		raw = raw[size:]
	}
	return raw
}

func unneeded() error {
	return core.ErrNotImplemented.Because("replication does not do this with a database of another kind")
}

func member(name, value string) string {
	return string(rawjson.AppendString([]byte(`"`+name+`":`), value))
}

func boolean(b bool) string { return string(rawjson.AppendBool(nil, b)) }
