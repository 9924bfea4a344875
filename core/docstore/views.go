package docstore

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

var (
	_ core.Viewer          = (*DB)(nil)
	_ core.TemporaryViewer = (*DB)(nil)
)

// View queries a view of a design document.
func (db *DB) View(ctx context.Context, designDoc, view string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	d, err := db.design(ctx, designDoc)
	if err != nil {
		return core.ViewSummary{}, err
	}
	place, err := d.find(view)
	if err != nil {
		return core.ViewSummary{}, err
	}
	return db.query(ctx, db.views.group(d), place, options, each)
}

// TemporaryView queries functions that no design document has.
func (db *DB) TemporaryView(ctx context.Context, mapSource, reduceSource string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	if mapreduce.IsBuiltin(reduceSource) {
		if _, err := mapreduce.NewReducer(reduceSource); err != nil {
			return core.ViewSummary{}, err
		}
	}
	d, place := temporaryDefinition(mapSource, reduceSource)
	return db.query(ctx, db.views.group(d), place, options, each)
}

func temporaryDefinition(mapSource, reduceSource string) (*viewDefinition, viewPlace) {
	d := &viewDefinition{name: "temp", language: javaScript}
	place := d.add(mapSource, reduceSource)
	d.views = map[string]viewPlace{"temp": place}
	return d, place
}

// viewRegistry holds what is in memory of a database's views.
type viewRegistry struct {
	mutex   sync.Mutex
	groups  map[signature]*viewGroup
	designs map[string]parsedDesign // by document
	// background are updates that nobody waits for. They end with the database.
	background sync.WaitGroup
	lifetime   context.Context
	end        context.CancelFunc
	closed     bool
	stepDocs   int // how many documents a step of an update takes at most
}

type parsedDesign struct {
	rev        core.Rev
	definition *viewDefinition
}

func (v *viewRegistry) init() {
	v.groups, v.designs = map[signature]*viewGroup{}, map[string]parsedDesign{}
	v.stepDocs = stepDocuments
	v.lifetime, v.end = context.WithCancel(context.Background())
}

// parsed returns the views of a revision of a design document, nil when they have to be read.
func (v *viewRegistry) parsed(docID string, rev core.Rev) *viewDefinition {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if known := v.designs[docID]; known.rev == rev {
		return known.definition
	}
	return nil
}

func (v *viewRegistry) remember(docID string, rev core.Rev, d *viewDefinition) {
	d.signed = d.signature()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.designs[docID] = parsedDesign{rev, d}
}

// group returns the group of a definition.
func (v *viewRegistry) group(d *viewDefinition) *viewGroup {
	signature := d.signature()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	g := v.groups[signature]
	if g == nil {
		g = &viewGroup{viewDefinition: d, signature: signature, turn: make(chan struct{}, 1), reducers: map[string]core.ReduceScript{}}
		v.groups[signature] = g
	}
	return g
}

// progress lists the updates that are under way.
func (v *viewRegistry) progress() (under []IndexProgress) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	for _, g := range v.groups {
		if g.running.Load() {
			under = append(under, IndexProgress{DesignDoc: core.DesignPrefix + g.name, Done: g.done.Load(), Total: g.due.Load(), Began: time.Unix(g.began.Load(), 0), Updated: time.Unix(g.updated.Load(), 0)})
		}
	}
	return under
}

// close ends what goes on in the background. The store has to be closed already, so that it ends soon.
func (v *viewRegistry) close() {
	v.mutex.Lock()
	v.closed = true
	groups := v.groups
	v.groups = map[signature]*viewGroup{}
	v.mutex.Unlock()
	v.end()
	v.background.Wait()
	for _, g := range groups {
		g.close()
	}
}

// inBackground runs work, unless the database is closed.
func (v *viewRegistry) inBackground(work func(ctx context.Context)) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if !v.closed {
		v.background.Go(func() { work(v.lifetime) })
	}
}

// viewGroup is a definition with its index: that of one design document, or of several with the same views.
type viewGroup struct {
	*viewDefinition
	signature      signature
	turn           chan struct{} // holds something while an update is under way
	waiting        atomic.Int64  // calls that wait for an update
	running        atomic.Bool   // an update is under way
	done, due      atomic.Uint64 // documents of the update under way
	began, updated atomic.Int64  // in seconds since 1970: when it began, and when it last got further

	mutex    sync.Mutex
	maps     core.MapScripts
	reducers map[string]core.ReduceScript // by source
}

// index is where the group's index is under a number.
func (g *viewGroup) index(number uint64) *viewindex.Index {
	return &viewindex.Index{Prefix: numberKey(viewPrefix, number), Reduces: g.reduces}
}

// close releases the compiled functions.
func (g *viewGroup) close() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.maps != nil {
		g.maps.Close()
		g.maps = nil
	}
	for _, script := range g.reducers {
		script.Close()
	}
	clear(g.reducers)
}

// errNoScripts: nobody runs JavaScript here.
var errNoScripts = core.ErrNotImplemented.Because("views in JavaScript cannot run here: the database was opened without anything that runs scripts")

// mapper returns the compiled map functions.
func (db *DB) mapper(ctx context.Context, g *viewGroup) (core.MapScripts, error) {
	if db.options.Scripts == nil {
		return nil, errNoScripts
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.maps != nil {
		return g.maps, nil
	}
	maps, err := db.options.Scripts.Maps(ctx, g.sources)
	if err != nil {
		return nil, db.blameMap(ctx, g, err)
	}
	g.maps = maps
	return maps, nil
}

// reducer returns a compiled reduce function.
func (db *DB) reducer(ctx context.Context, g *viewGroup, source string) (core.ReduceScript, error) {
	if g.native != nil {
		return g.native.reducer(), nil
	}
	if db.options.Scripts == nil {
		return nil, errNoScripts
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if script := g.reducers[source]; script != nil {
		return script, nil
	}
	script, err := db.options.Scripts.Reduce(ctx, source)
	if err != nil {
		for name, place := range g.views {
			if g.reduceOf(place) == source {
				err = blame(err, "reduce", name)
				break
			}
		}
		return nil, err
	}
	g.reducers[source] = script
	return script, nil
}

// blameMap finds out which of the map functions does not compile.
func (db *DB) blameMap(ctx context.Context, g *viewGroup, whole error) error {
	if core.AsError(whole).Name != compilationError {
		return whole
	}
	for m, source := range g.sources {
		script, err := db.options.Scripts.Maps(ctx, []string{source})
		if err == nil {
			script.Close()
			continue
		}
		for name, place := range g.views {
			if place.m == m {
				return blame(err, "map", name)
			}
		}
	}
	return whole
}

const compilationError = "compilation_error"

// blame says, as CouchDB does, which function does not compile.
func blame(err error, kind, view string) error {
	known := core.AsError(err)
	if known.Name != compilationError {
		return err
	}
	return known.Because("Compilation of the " + kind + " function in the '" + view + "' view failed: " + known.Reason)
}
