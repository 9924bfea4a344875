//go:build !js

package simnet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/internal/simnet"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

const hostName = "couch.example"

// world is a server with one database, and replicas that know it through a bad network.
type world struct {
	ctx      context.Context
	hosts    simnet.Hosts
	storage  *memdevice.Storage
	backup   *memdevice.Storage
	handler  *server.Server
	db       *docstore.DB // the server's
	judge    *fetchhttp.DB
	replicas []*replica
	edits    int

	timeless bool // nothing is ever restored

	mutex    sync.Mutex
	restores int
	failures []string
	written  map[string]int // revisions, by what was filtered by: of runs that were ok
}

// replica is a local database, and its way to the server.
type replica struct {
	db     *docstore.DB
	remote *fetchhttp.DB
	live   *liveTask
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func newWorld(ctx context.Context, seed uint64, replicas int, written map[string]int) *world {
	w := &world{ctx: ctx, storage: memdevice.New(), written: written}
	w.start()
	addFilters(ctx, w.db)
	w.backup = w.storage.Clone()
	open := func(client string, honest bool) *fetchhttp.DB {
		network := &simnet.Network{Client: client, Seed: seed, Hosts: &w.hosts, Honest: honest}
		return must(fetchhttp.Open(ctx, "http://"+hostName+"/db", fetchhttp.Options{Doer: network, SkipSetup: true}))
	}
	w.judge = open("judge", true)
	for i := range replicas {
		db := must(memory.OpenWith(ctx, docstore.Options{NewUUID: func() string { return fmt.Sprintf("%032x", i+1) }, Scripts: javascript.New(javascript.Options{})}))
		addFilters(ctx, db)
		w.replicas = append(w.replicas, &replica{db: db, remote: open("client"+strconv.Itoa(i), false)})
	}
	return w
}

// addFilters writes the design document whose functions filter feeds: everywhere the same, so that it is no conflict.
func addFilters(ctx context.Context, db core.Adapter) {
	const filter = `function (doc, req) { return String(Boolean(doc._deleted || doc.shared)) === String(req.query.is); }`
	const view = `function (doc) { if (doc._deleted || doc.shared) emit(null); }`
	must(core.Put(ctx, db, &core.Document{ID: "_design/filters", Body: []byte(`{"filters":{"shared":"` + filter + `"},"views":{"shared":{"map":"` + view + `"}}}`)}))
}

func (w *world) start() {
	store := must(logkv.Open(w.ctx, w.storage.Open(nil), logkv.Options{Durability: logkv.Strict}))
	w.db = must(docstore.Open(w.ctx, store, docstore.Options{Name: "db", Scripts: javascript.New(javascript.Options{})}))
	databases := server.Memory(func(context.Context, string) (core.Adapter, error) { return w.db, nil })
	must(databases.Create(w.ctx, "db"))
	w.handler = must(server.New(server.Options{Databases: databases, AllowAnonymous: true, UUID: "simulated"}))
	w.hosts.Up(hostName, w.handler)
}

func (w *world) stop() {
	w.hosts.Down(hostName)
	check(w.handler.Close())
	check(w.db.Close())
}

func (w *world) end() {
	for _, r := range w.replicas {
		check(r.remote.Close())
		check(r.db.Close())
	}
	check(w.judge.Close())
	w.stop()
}

func (w *world) fail(format string, arguments ...any) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.failures = append(w.failures, fmt.Sprintf(format, arguments...))
}

func (w *world) succeeded(filter string, written int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.written[filter] += written
}

func (w *world) restored() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.restores
}

// edit changes a document at random.
func (w *world) edit(db *docstore.DB, random *rand.Rand) {
	w.edits++
	docID := "d" + strconv.Itoa(random.IntN(12))
	if random.IntN(30) == 0 {
		docID = "_design/d"
	}
	doc := &core.Document{ID: docID, Body: fmt.Appendf(nil, `{"n":%d,"shared":%t}`, w.edits, random.IntN(2) == 0)}
	leaves, err := db.OpenRevs(w.ctx, docID, core.OpenRevsOptions{All: true})
	if err != nil && !errors.Is(err, core.ErrMissing) {
		check(err)
	}
	if len(leaves) > 0 {
		leaf := leaves[random.IntN(len(leaves))]
		doc.Rev = leaf.Rev
		doc.Attachments = slices.Clone(leaf.Doc.Attachments)
		if leaf.Doc.Deleted {
			doc.Attachments = nil
		}
	}
	switch kind := random.IntN(12); {
	case kind < 2:
		doc.Deleted = !doc.Rev.IsZero()
		doc.Attachments = nil
	case kind < 5:
		name, content := "a"+strconv.Itoa(random.IntN(3)), fmt.Appendf(nil, "content %d ", w.edits)
		if random.IntN(8) == 0 {
			content = []byte(strings.Repeat(string(content), 1+(1<<20)/len(content))) // too long to be held
		}
		doc.Attachments = slices.DeleteFunc(doc.Attachments, func(a core.Attachment) bool { return a.Name == name })
		doc.Attachments = append(doc.Attachments, core.Attachment{Name: name, ContentType: "image/png", Data: content})
	case kind < 7: // a conflict, as from elsewhere
		doc.Attachments = nil
		parent := doc.Rev
		doc.Rev = core.Rev{Generation: parent.Generation + 1, Hash: must(core.ParseHash(fmt.Sprintf("%032x", random.Uint64())))}
		doc.Revisions = &core.Revisions{Start: doc.Rev.Generation, Hashes: []string{doc.Rev.Hash}}
		if !parent.IsZero() {
			doc.Revisions.Hashes = append(doc.Revisions.Hashes, parent.Hash)
		}
		results := must(db.BulkDocs(w.ctx, []*core.Document{doc}, core.BulkDocsOptions{Replicated: true}))
		if results[0].Err != nil {
			panic(results[0].Err)
		}
		return
	}
	// A replication may have been quicker.
	if _, err := core.Put(w.ctx, db, doc); err != nil && !errors.Is(err, core.ErrConflict) && !errors.Is(err, core.ErrMissingStub) {
		panic(err)
	}
}

// revisions lists the leaves of a database that a replication with these filters copies.
func (w *world) revisions(db core.Adapter, f filters) ([]core.DocRevs, error) {
	changes, _, err := core.ListChanges(w.ctx, db, core.ChangesOptions{AllLeaves: !f.winners, DocIDs: f.docIDs})
	if err != nil {
		return nil, err
	}
	var all []core.DocRevs
	for _, change := range changes {
		revs := change.Revs
		if f.sharedOnly {
			revs = nil
			found, err := db.OpenRevs(w.ctx, change.ID, core.OpenRevsOptions{Revs: change.Revs})
			if err != nil {
				return nil, err
			}
			for _, rev := range found {
				if rev.Doc != nil && shared(rev.Doc) {
					revs = append(revs, rev.Rev)
				}
			}
		}
		if len(revs) > 0 {
			all = append(all, core.DocRevs{ID: change.ID, Revs: revs})
		}
	}
	return all, nil
}

func shared(doc *core.Document) bool {
	return doc.Deleted || strings.Contains(string(doc.Body), `"shared":true`)
}

// lacking tells what a database does not have of these.
func (w *world) lacking(db core.Adapter, revisions []core.DocRevs) (string, error) {
	diffs, err := db.RevsDiff(w.ctx, revisions)
	if err != nil {
		return "", err
	}
	var missing []string
	for _, diff := range diffs {
		for _, rev := range diff.Missing {
			missing = append(missing, diff.ID+" "+rev.String())
		}
	}
	return strings.Join(missing, ", "), nil
}

// content describes all that a database holds, a line for each leaf.
func (w *world) content(db core.Adapter) string {
	changes, _, err := core.ListChanges(w.ctx, db, core.ChangesOptions{AllLeaves: true})
	check(err)
	var lines []string
	for _, change := range changes {
		for _, leaf := range must(db.OpenRevs(w.ctx, change.ID, core.OpenRevsOptions{All: true, WithRevisions: true, Attachments: true})) {
			check(leaf.Doc.Load(w.ctx))
			slices.SortFunc(leaf.Doc.Attachments, func(a, b core.Attachment) int { return strings.Compare(a.Name, b.Name) })
			for i := range leaf.Doc.Attachments {
				if a := &leaf.Doc.Attachments[i]; len(a.Data) > 100 {
					a.Data = fmt.Appendf(a.Data[:100:100], " and so on, %d bytes", len(a.Data))
				}
			}
			lines = append(lines, string(leaf.Doc.AppendJSON(nil)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// difference returns a few lines that only one of two contents has.
func difference(a, b string) string {
	var differing []string
	for side, pair := range map[string][2]string{"here": {a, b}, "there": {b, a}} {
		for line := range strings.SplitSeq(pair[0], "\n") {
			if !strings.Contains(pair[1]+"\n", line+"\n") && len(differing) < 6 {
				differing = append(differing, side+" "+line)
			}
		}
	}
	return strings.Join(differing, "\n")
}
