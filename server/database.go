package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

func (req *request) databaseInfo() error {
	info, err := req.db.Info(req.Context())
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, req.db.appendInfo(nil, info))
}

func (db *database) appendInfo(text []byte, info core.Info) []byte {
	text = append(text, `{"instance_start_time":`...)
	text = rawjson.AppendString(text, info.InstanceStartTime)
	text = append(text, `,"db_name":`...)
	text = rawjson.AppendString(text, db.name)
	text = append(text, `,"purge_seq":`...)
	text = core.AppendSeq(text, db.sealSeq(info.PurgeSeq))
	text = append(text, `,"update_seq":`...)
	text = core.AppendSeq(text, db.sealSeq(info.UpdateSeq))
	text = append(text, `,"sizes":{"file":`...)
	text = strconv.AppendUint(text, info.FileSize, 10)
	text = append(text, `,"external":`...)
	text = strconv.AppendUint(text, info.DataSize, 10)
	text = append(text, `,"active":`...)
	text = strconv.AppendUint(text, info.DataSize, 10)
	text = append(text, `},"props":{},"doc_del_count":`...)
	text = strconv.AppendUint(text, info.DocDelCount, 10)
	text = append(text, `,"doc_count":`...)
	text = strconv.AppendUint(text, info.DocCount, 10)
	text = append(text, `,"disk_format_version":8,"compact_running":`...)
	text = rawjson.AppendBool(text, db.compacting.Load() != 0)
	return append(text, `,"cluster":{"q":1,"n":1,"w":1,"r":1}}`...)
}

func (req *request) ensureFullCommit() error {
	if err := req.requireJSON(); err != nil {
		return err
	}
	if err := req.db.Flush(req.Context()); err != nil {
		return err
	}
	info, err := req.db.Info(req.Context())
	if err != nil {
		return err
	}
	text := rawjson.AppendString([]byte(`{"ok":true,"instance_start_time":`), info.InstanceStartTime)
	return req.send(http.StatusCreated, append(text, '}'))
}

const notCompacter = "You are not a server or db admin."

// compact begins a compaction, which outlives the request. One that is under way already will do.
func (req *request) compact() error {
	if err := req.requireDatabaseAdmin(notCompacter); err != nil {
		return err
	}
	if err := req.requireJSON(); err != nil {
		return err
	}
	db, server := req.db, req.server
	if !db.compacting.CompareAndSwap(0, time.Now().Unix()) {
		return req.sendOK(http.StatusAccepted)
	}
	// The request's own hold of the database ends with it.
	_, release, err := server.pool.acquire(req.Context(), db.name)
	if err != nil {
		db.compacting.Store(0)
		return err
	}
	server.pool.background.Go(func() {
		defer release()
		defer db.compacting.Store(0)
		if err := db.Compact(server.ctx); err != nil {
			server.options.Logger.LogAttrs(server.ctx, slog.LevelError, "compaction failed", slog.String("database", db.name), slog.String("error", err.Error()))
		}
	})
	return req.sendOK(http.StatusAccepted)
}

// compactViews would compact the views of a design document. They are compacted with the database, so that there is nothing to do but to say whether the document is there.
func (req *request) compactViews() error {
	if err := req.requireDatabaseAdmin(notCompacter); err != nil {
		return err
	}
	if _, err := req.db.Get(req.Context(), core.DesignPrefix+req.path[2], core.GetOptions{}); err != nil {
		return err
	}
	return req.sendOK(http.StatusAccepted)
}

const (
	maxPurgedDocs = 100
	maxPurgedRevs = 1000
)

func (req *request) purge() error {
	if err := req.requireServerAdmin(); err != nil {
		return err
	}
	text, err := req.postedObject()
	if err != nil {
		return err
	}
	for _, value := range rawjson.Members(text) {
		if rawjson.KindOf(value) != rawjson.Array {
			return core.ErrBadRequest.Because("Invalid list of revisions")
		}
	}
	requests, err := wire.ParseDocRevs(text)
	if err != nil {
		return err
	}
	if len(requests) > maxPurgedDocs {
		return core.ErrBadRequest.Because("Exceeded maximum number of documents.")
	}
	revs := 0
	for _, request := range requests {
		revs += len(request.Revs)
	}
	if revs > maxPurgedRevs {
		return core.ErrBadRequest.Because("Exceeded maximum number of revisions.")
	}
	result, err := req.db.Purge(req.Context(), requests)
	if err != nil {
		return err
	}
	// CouchDB, being a cluster, has no single purge sequence to tell.
	answer := wire.AppendDocRevs([]byte(`{"purge_seq":null,"purged":`), result.Purged)
	return req.send(http.StatusCreated, append(answer, '}'))
}

func (req *request) getRevsLimit() error {
	limit, err := req.db.RevsLimit(req.Context())
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, strconv.AppendInt(nil, int64(limit), 10))
}

func (req *request) putRevsLimit() error {
	limit, err := req.readLimit("revs_limit")
	if err != nil {
		return err
	}
	if err := req.db.SetRevsLimit(req.Context(), limit); err != nil {
		return err
	}
	return req.sendOK(http.StatusOK)
}

func (req *request) getPurgedInfosLimit() error {
	settings, err := req.db.loadSettings(req.Context())
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, strconv.AppendInt(nil, int64(settings.purgedInfosLimit), 10))
}

func (req *request) putPurgedInfosLimit() error {
	limit, err := req.readLimit("purged_infos_limit")
	if err != nil {
		return err
	}
	if err := req.db.changeSettings(req.Context(), func(s *settings) { s.purgedInfosLimit = limit }); err != nil {
		return err
	}
	return req.sendOK(http.StatusOK)
}

// readLimit reads a body that is a positive number, from an administrator.
func (req *request) readLimit(name string) (int, error) {
	if err := req.requireDatabaseAdmin(notDatabaseAdmin); err != nil {
		return 0, err
	}
	text, err := req.readJSON()
	if err != nil {
		return 0, err
	}
	limit, ok := rawjson.Int(text)
	if !ok || limit < 1 || limit > 1<<31-1 {
		return 0, core.ErrBadRequest.Because("`" + name + "` must be positive integer")
	}
	return int(limit), nil
}
