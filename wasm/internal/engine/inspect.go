package engine

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// inspectable is a local database, which can tell what it takes up and whether it is sound.
type inspectable interface {
	Stats(ctx context.Context) (docstore.Stats, error)
	Check(ctx context.Context) (docstore.Report, error)
}

func inspect(db core.Adapter) (inspectable, error) {
	local, ok := db.(inspectable)
	if !ok {
		return nil, core.ErrNotImplemented.Because("a remote database cannot be inspected from here")
	}
	return local, nil
}

// stats tells how much a database holds, and how much storage and memory that takes.
func stats(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	local, err := inspect(db)
	if err != nil {
		return nil, err
	}
	s, err := local.Stats(ctx)
	if err != nil {
		return nil, err
	}
	dst := []byte{'{'}
	for _, member := range []struct {
		name  string
		value uint64
	}{
		{"doc_count", s.Documents}, {"doc_del_count", s.Deleted}, {"live_bytes", s.LiveBytes}, {"log_bytes", s.LogBytes},
		{"cache_bytes", s.CacheBytes}, {"cache_limit", s.CacheLimit},
	} {
		dst = append(rawjson.AppendString(dst, member.name), ':')
		dst = append(strconv.AppendUint(dst, member.value, 10), ',')
	}
	dst = append(dst, `"ratio":`...)
	dst = strconv.AppendFloat(dst, s.Ratio(), 'f', 3, 64)
	return append(dst, '}'), nil
}

// check goes through all data and says what is not as it must be.
func check(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	local, err := inspect(db)
	if err != nil {
		return nil, err
	}
	report, err := local.Check(ctx)
	if err != nil {
		return nil, err
	}
	dst := append([]byte(nil), `{"ok":`...)
	dst = rawjson.AppendBool(dst, len(report.Problems) == 0)
	for _, member := range []struct {
		name  string
		value int
	}{{"documents", report.Documents}, {"revisions", report.Revisions}, {"bodies", report.Bodies}, {"local_docs", report.LocalDocs}} {
		dst = append(rawjson.AppendString(append(dst, ','), member.name), ':')
		dst = strconv.AppendInt(dst, int64(member.value), 10)
	}
	dst = append(dst, `,"problems":`...)
	dst = rawjson.AppendQuoted(dst, report.Problems)
	return append(dst, '}'), nil
}
