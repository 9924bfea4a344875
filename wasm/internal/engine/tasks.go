package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/replication"
)

// activeTask is a replication under way.
type activeTask struct {
	*replication.Task
	call           uint32
	source, target string // for people, and without credentials
	live           bool
}

func (e *Engine) beginTask(task *activeTask) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tasks = append(e.tasks, task)
}

func (e *Engine) endTask(task *activeTask) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tasks = slices.DeleteFunc(e.tasks, func(other *activeTask) bool { return other == task })
}

func (e *Engine) activeTasks() []*activeTask {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.tasks)
}

// wake tells all replications that the network may be back.
func wake(_ context.Context, e *Engine, _ *request) ([]byte, error) {
	for _, task := range e.activeTasks() {
		task.Wake()
	}
	return ok, nil
}

// listTasks prints replications, and indexes that are being built, as CouchDB's _active_tasks does.
func listTasks(ctx context.Context, e *Engine, _ *request) ([]byte, error) {
	dst := []byte{'['}
	for _, task := range e.activeTasks() {
		dst = appendTask(separate(dst), task)
	}
	for _, s := range e.databases.local() {
		indexing, ok := s.adapter.(interface {
			IndexProgress(ctx context.Context) ([]docstore.IndexProgress, error)
		})
		if !ok {
			continue
		}
		progress, err := indexing.IndexProgress(ctx)
		if errors.Is(err, core.ErrClosed) {
			continue
		} else if err != nil {
			return nil, err
		}
		for _, p := range progress {
			dst = appendIndexTask(separate(dst), s.key.name, p)
		}
	}
	return append(dst, ']'), nil
}

// separate puts a comma after what precedes in a list.
func separate(dst []byte) []byte {
	if len(dst) > 1 {
		dst = append(dst, ',')
	}
	return dst
}

func appendIndexTask(dst []byte, database string, p docstore.IndexProgress) []byte {
	dst = append(dst, `{"type":"indexer","database":`...)
	dst = rawjson.AppendString(dst, database)
	dst = append(dst, `,"design_document":`...)
	dst = rawjson.AppendString(dst, p.DesignDoc)
	if p.Name != "" {
		dst = append(dst, `,"index":`...)
		dst = rawjson.AppendString(dst, p.Name)
	}
	dst = append(dst, `,"changes_done":`...)
	dst = strconv.AppendUint(dst, p.Done, 10)
	dst = append(dst, `,"total_changes":`...)
	dst = strconv.AppendUint(dst, p.Total, 10)
	return append(dst, '}')
}

func appendTask(dst []byte, task *activeTask) []byte {
	status := task.Status()
	dst = append(dst, `{"type":"replication","id":`...)
	dst = strconv.AppendUint(dst, uint64(task.call), 10)
	dst = append(dst, `,"source":`...)
	dst = rawjson.AppendString(dst, task.source)
	dst = append(dst, `,"target":`...)
	dst = rawjson.AppendString(dst, task.target)
	dst = append(dst, `,"continuous":`...)
	dst = rawjson.AppendBool(dst, task.live)
	dst = append(dst, `,"replication_id":`...)
	dst = rawjson.AppendString(dst, status.Result.ReplicationID)
	dst = append(dst, `,"state":`...)
	dst = rawjson.AppendString(dst, string(status.State))
	dst = appendTime(dst, "started_on", status.Result.StartTime)
	dst = append(dst, `,"changes_pending":`...)
	dst = strconv.AppendInt(dst, status.Pending, 10)
	dst = appendCounts(dst, &status.Result)
	dst = append(dst, `,"through_seq":`...)
	dst = core.AppendSeq(dst, status.Result.LastSeq)
	if status.Err != nil {
		dst = append(dst, `,"failure":`...)
		dst = appendFailure(dst, status.Err)
	}
	return append(dst, '}')
}
