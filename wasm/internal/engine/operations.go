package engine

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// engineOperations work on the engine as a whole.
var engineOperations map[string]engineOperation

// databaseOperations work on one database.
var databaseOperations = map[string]databaseOperation{
	"id":               identity,
	"info":             info,
	"get":              get,
	"openRevs":         openRevs,
	"bulkGet":          bulkGet,
	"allDocs":          allDocs,
	"changes":          changes,
	"revsDiff":         revsDiff,
	"put":              put,
	"getAttachment":    getAttachment,
	"putAttachment":    putAttachment,
	"removeAttachment": removeAttachment,
	"bulkDocs":         bulkDocs,
	"purge":            purge,
	"compact":          compact,
	"flush":            flush,
	"refresh":          refresh,
	"stats":            stats,
	"check":            check,
	"revsLimit":        revsLimit,
	"succeed":          succeed,
	"find":             find,
	"explain":          explain,
	"createIndex":      createIndex,
	"getIndexes":       getIndexes,
	"deleteIndex":      deleteIndex,
	"query":            queryView,
	"viewCleanup":      viewCleanup,
	"viewInfo":         viewInfo,
	"localDocs":        localDocs,
	"revisions":        revisions,
}

func init() {
	engineOperations = map[string]engineOperation{
		"open":        open,
		"close":       closeDatabase,
		"destroy":     destroy,
		"leave":       leave,
		"stay":        stay,
		"replicate":   replicate,
		"reply":       reply,
		"listen":      listen,
		"wake":        wake,
		"activeTasks": listTasks,
		"liveFind":    liveFind,
		"usage":       usage,
		"databases":   listDatabases,
	}
}

var ok = []byte(`{"ok":true}`)

// open answers with a handle.
func open(ctx context.Context, e *Engine, r *request) ([]byte, error) {
	adapter, name := r.string("adapter"), r.string("name")
	if r.err == nil && name == "" {
		r.refuse("name", "a string that is not empty")
	}
	if r.err != nil {
		return nil, r.err
	}
	handle, err := e.databases.open(context.WithValue(ctx, askKey{}, Ask(e.askPage)), adapter, name, r.text)
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(nil, handle, 10), nil
}

func (o *options) handle(name string) int64 {
	n, given := o.count(name)
	if !given {
		o.refuse(name, "a database")
	}
	return int64(n)
}

func closeDatabase(_ context.Context, e *Engine, r *request) ([]byte, error) {
	handle := r.handle("db")
	if r.err != nil {
		return nil, r.err
	}
	return ok, e.databases.close(handle)
}

func destroy(ctx context.Context, e *Engine, r *request) ([]byte, error) {
	handle := r.handle("db")
	if r.err != nil {
		return nil, r.err
	}
	return ok, e.databases.destroy(ctx, handle)
}

// leave commits what local databases have acknowledged and not committed, as the page may end at any moment, and lets them acknowledge only what is committed.
func leave(ctx context.Context, e *Engine, _ *request) ([]byte, error) {
	return ok, e.databases.drain(ctx, drainer.Leave)
}

// stay is for when the page goes on.
func stay(ctx context.Context, e *Engine, _ *request) ([]byte, error) {
	return ok, e.databases.drain(ctx, drainer.Stay)
}

// usage counts what is held, so that a leak shows. The call that asks is not counted.
func usage(_ context.Context, e *Engine, _ *request) ([]byte, error) {
	e.mu.Lock()
	calls, tasks, questions := len(e.calls)-1, len(e.tasks), len(e.questions)
	e.mu.Unlock()
	e.databases.mu.Lock()
	defer e.databases.mu.Unlock()
	dst := append([]byte(nil), `{"calls":`...)
	dst = strconv.AppendInt(dst, int64(calls), 10)
	dst = append(dst, `,"handles":`...)
	dst = strconv.AppendInt(dst, int64(len(e.databases.handles)), 10)
	dst = append(dst, `,"databases":`...)
	dst = strconv.AppendInt(dst, int64(len(e.databases.shared)), 10)
	dst = append(dst, `,"tasks":`...)
	dst = strconv.AppendInt(dst, int64(tasks), 10)
	dst = append(dst, `,"questions":`...)
	dst = strconv.AppendInt(dst, int64(questions), 10)
	return append(dst, '}'), nil
}

// listDatabases answers with the names of the databases in memory: nobody else knows of them.
func listDatabases(_ context.Context, e *Engine, _ *request) ([]byte, error) {
	e.databases.mu.Lock()
	defer e.databases.mu.Unlock()
	names := []string{}
	for key, s := range e.databases.shared {
		if s.opener.Volatile {
			names = append(names, key.name)
		}
	}
	return rawjson.AppendQuoted(nil, names), nil
}

// identity answers with what tells the database from all others.
func identity(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	id, err := db.Identity(ctx)
	return rawjson.AppendString(nil, id), err
}

// info prints what PouchDB's info does, and what CouchDB's does that it lacks.
func info(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	info, err := db.Info(ctx)
	if err != nil {
		return nil, err
	}
	dst := append([]byte(nil), `{"db_name":`...)
	dst = rawjson.AppendString(dst, info.Name)
	dst = append(dst, `,"doc_count":`...)
	dst = strconv.AppendUint(dst, info.DocCount, 10)
	dst = append(dst, `,"doc_del_count":`...)
	dst = strconv.AppendUint(dst, info.DocDelCount, 10)
	dst = append(dst, `,"update_seq":`...)
	dst = core.AppendSeq(dst, info.UpdateSeq)
	dst = append(dst, `,"purge_seq":`...)
	dst = core.AppendSeq(dst, info.PurgeSeq)
	dst = append(dst, `,"adapter":`...)
	dst = rawjson.AppendString(dst, info.Adapter)
	if info.UUID != "" {
		dst = append(dst, `,"uuid":`...)
		dst = rawjson.AppendString(dst, info.UUID)
	}
	dst = append(dst, `,"sizes":{"active":`...)
	dst = strconv.AppendUint(dst, info.DataSize, 10)
	dst = append(dst, `,"file":`...)
	dst = strconv.AppendUint(dst, info.FileSize, 10)
	return append(dst, "}}"...), nil
}

func compact(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	return ok, db.Compact(ctx)
}

func flush(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	return ok, db.Flush(ctx)
}

// refresh is what comes before other engines, or this one after them, see what was written: it commits what is acknowledged and reads what they have committed.
func refresh(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	if local, shares := db.(drainer); shares {
		return ok, local.Refresh(ctx)
	}
	return ok, nil
}

// revsLimit answers with the limit, after setting it when there is a number.
func revsLimit(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	limit, given := r.count("revs_limit")
	if given && limit == 0 {
		r.refuse("revs_limit", "1 or greater")
	}
	if r.err != nil {
		return nil, r.err
	}
	if given {
		if err := db.SetRevsLimit(ctx, limit); err != nil {
			return nil, err
		}
	}
	limit, err := db.RevsLimit(ctx)
	return strconv.AppendInt(nil, int64(limit), 10), err
}

func purge(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	requests, err := wire.ParseDocRevs(r.data)
	if err != nil {
		return nil, err
	}
	result, err := db.Purge(ctx, requests)
	if err != nil {
		return nil, err
	}
	return wire.AppendPurgeResult(nil, result), nil
}
