package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// indexProgress is a database that tells how far its indexes and views are.
type indexProgress interface {
	IndexProgress(ctx context.Context) ([]docstore.IndexProgress, error)
}

// activeTasks lists the compactions that are under way, and the indexes and views that are being built: nothing else here outlives its request.
func (req *request) activeTasks() error {
	if err := req.requireServerAdmin(); err != nil {
		return err
	}
	text := []byte{'['}
	for _, db := range req.server.pool.opened() {
		if began := db.compacting.Load(); began != 0 {
			text = appendTask(text, "database_compaction", db.name, time.Unix(began, 0))
			text = append(text, '}')
		}
		indexing, ok := capability[indexProgress](db.Adapter)
		if !ok {
			continue
		}
		progress, err := indexing.IndexProgress(req.Context())
		if errors.Is(err, core.ErrClosed) {
			continue
		} else if err != nil {
			return err
		}
		for i := range progress {
			text = appendIndexer(appendTask(text, "indexer", db.name, progress[i].Began), &progress[i])
		}
	}
	return req.send(http.StatusOK, append(text, ']'))
}

// appendTask appends what all tasks tell. The object remains open.
func appendTask(text []byte, kind, database string, began time.Time) []byte {
	if len(text) > 1 {
		text = append(text, ',')
	}
	text = rawjson.AppendString(append(text, `{"type":`...), kind)
	text = rawjson.AppendString(append(text, `,"database":`...), database)
	text = rawjson.AppendString(append(text, `,"pid":`...), strconv.Itoa(os.Getpid()))
	return strconv.AppendInt(append(text, `,"started_on":`...), began.Unix(), 10)
}

// appendIndexer appends how far an index is: CouchDB's members, and "index", the name of a Mango index.
func appendIndexer(text []byte, p *docstore.IndexProgress) []byte {
	text = strconv.AppendInt(append(text, `,"updated_on":`...), p.Updated.Unix(), 10)
	text = rawjson.AppendString(append(text, `,"design_document":`...), p.DesignDoc)
	if p.Name != "" {
		text = rawjson.AppendString(append(text, `,"index":`...), p.Name)
	}
	text = strconv.AppendUint(append(text, `,"changes_done":`...), p.Done, 10)
	text = strconv.AppendUint(append(text, `,"total_changes":`...), p.Total, 10)
	text = strconv.AppendUint(append(text, `,"progress":`...), min(100*p.Done/max(p.Total, 1), 100), 10)
	return append(text, '}')
}
