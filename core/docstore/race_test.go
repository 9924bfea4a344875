package docstore_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// overtaken is the device of a tab that another one overtakes in the middle of a reading.
type overtaken struct {
	logkv.Device
	overtake func()
	mutex    sync.Mutex
	reads    int        // of records until then; not above zero: it does not happen
	underWay sync.Mutex // held while it happens
}

// Read implements [logkv.Device].
func (d *overtaken) Read(ctx context.Context, numbers []uint64) ([][]byte, error) {
	d.mutex.Lock()
	d.reads--
	now := d.reads == 0
	if now {
		d.underWay.Lock()
	}
	d.mutex.Unlock()
	if now {
		d.overtake()
		d.underWay.Unlock()
	}
	return d.Device.Read(ctx, numbers)
}

func (d *overtaken) set(reads int) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.reads = reads
}

// happened reports whether it did, and keeps it from happening later.
func (d *overtaken) happened() bool {
	d.mutex.Lock()
	left := d.reads
	d.reads = 0
	d.mutex.Unlock()
	d.underWay.Lock() // somebody else may have been reading: an index is built in the background
	defer d.underWay.Unlock()
	return left <= 0
}

// race is a database in two tabs. All of its documents are of one round, which the second tab moves on.
type race struct {
	t             *testing.T
	device        *overtaken
	first, second *docstore.DB
	round         int
	builds        bool // the second tab keeps the view up to date
	created       int  // indexes
}

const racers = 70

// uncachedTab opens a tab that keeps nothing in memory that it can read.
func uncachedTab(t *testing.T, device logkv.Device) *docstore.DB {
	ctx := context.Background()
	store, err := logkv.Open(ctx, device, logkv.Options{RecordBytes: 1500, CacheBytes: 1, InlineBytes: 40, CompactionRatio: -1})
	require.NoError(t, err)
	db, err := docstore.Open(ctx, store, docstore.Options{Name: "race", Regexp: regexps.Compile})
	require.NoError(t, err)
	db.UpdateViewsInSteps(25)
	db.BuildInSteps(25)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func newRace(t *testing.T, builds bool) *race {
	storage := memdevice.New()
	r := &race{t: t, device: &overtaken{Device: storage.Open(nil)}, builds: builds}
	r.first, r.second = uncachedTab(t, r.device), uncachedTab(t, storage.Open(nil))
	r.device.overtake = r.next
	r.next()
	var losers []*core.Document
	for i := range racers {
		rev := core.Rev{Generation: 1, Hash: fmt.Sprintf("%032x", i)}
		losers = append(losers, &core.Document{ID: racer(i), Rev: rev, Revisions: &core.Revisions{Start: 1, Hashes: []string{rev.Hash}}, Body: []byte(`{"lost":true}`)})
	}
	r.next()
	_, err := r.second.BulkDocs(context.Background(), losers, core.BulkDocsOptions{Replicated: true})
	require.NoError(t, err)
	return r
}

func racer(i int) string { return "d" + strconv.Itoa(100+i) }

// next moves all documents on to the next round, and compacts the one before away. It may run in a goroutine that is not the test's.
func (r *race) next() {
	ctx := context.Background()
	revs := map[string]core.Rev{}
	rows, _, err := core.ListAllDocs(ctx, r.second, core.AllDocsOptions{})
	must(err)
	for _, row := range rows {
		revs[row.Key] = row.Rev
	}
	r.round++
	var docs []*core.Document
	for i := range racers {
		pad := strings.Repeat(racer(i), 20)
		body := fmt.Appendf(nil, `{"n":%d,"round":%d,"pad":"%s"}`, i, r.round, pad)
		docs = append(docs, &core.Document{ID: racer(i), Rev: revs[racer(i)], Body: body})
		docs = append(docs, &core.Document{ID: "_local/" + racer(i), Body: body})
	}
	results, err := r.second.BulkDocs(ctx, docs, core.BulkDocsOptions{})
	must(err)
	for _, result := range results {
		if result.Err != nil {
			panic(result.Err)
		}
	}
	if r.builds {
		for _, view := range []*docstore.View{rowsOfRounds, sumsOfRounds} {
			_, err = r.second.QueryView(ctx, view, core.ViewOptions{Limit: core.NoRows}, func(*core.ViewRow) error { return nil })
			must(err)
		}
	}
	must(r.second.Compact(ctx))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The values, and their sums, are too long to be kept in memory.
var (
	rowsOfRounds = &docstore.View{
		Name: "rows",
		Map: func(doc *core.Document, emit func(key, value []byte)) error {
			emit(rawjson.Member(doc.Body, "pad"), doc.Body)
			return nil
		},
	}
	sumsOfRounds = &docstore.View{
		Name: "sums", Reduce: "_sum",
		Map: func(doc *core.Document, emit func(key, value []byte)) error {
			emit(rawjson.Member(doc.Body, "pad"), fmt.Appendf(nil, "[%d%s]", roundOf(doc.Body), strings.Repeat(",123456789", 10)))
			return nil
		},
	}
)

// sight is what a reading shows of a document: of which round it is, or several things about it are.
type sight struct {
	id     string
	rounds [2]int
}

func roundOf(body []byte) int {
	n, _ := rawjson.Int(rawjson.Member(body, "round"))
	return int(n)
}

func (r *race) listing(options core.AllDocsOptions) func(func(sight)) error {
	return func(see func(sight)) error {
		_, err := r.first.AllDocs(context.Background(), options, func(row *core.AllDocsRow) error {
			seen := sight{row.Key, [2]int{int(row.Rev.Generation), int(row.Rev.Generation)}}
			if row.Doc != nil {
				seen.rounds[1] = roundOf(row.Doc.Body)
				assert.Equal(r.t, options.Conflicts, len(row.Doc.Conflicts) == 1)
			}
			see(seen)
			return nil
		})
		return err
	}
}

func (r *race) feed(options core.ChangesOptions) func(func(sight)) error {
	return func(see func(sight)) error {
		_, err := r.first.Changes(context.Background(), options, func(change *core.Change) error {
			see(sight{change.ID, [2]int{int(change.Revs[0].Generation), int(change.Revs[0].Generation)}})
			if change.Doc != nil {
				assert.Equal(r.t, int(change.Revs[0].Generation), roundOf(change.Doc.Body))
			}
			return nil
		})
		return err
	}
}

func (r *race) find(request string) func(func(sight)) error {
	return func(see func(sight)) error {
		_, err := r.first.Find(context.Background(), []byte(request), func(doc []byte) error {
			id, _ := rawjson.Text(rawjson.Member(doc, "_id"))
			see(sight{id, [2]int{roundOf(doc), roundOf(doc)}})
			return nil
		})
		return err
	}
}

// findIndexed finds by an index that nobody has built yet.
func (r *race) findIndexed(see func(sight)) error {
	r.created++
	name := strconv.Itoa(r.created)
	_, err := r.first.CreateIndex(context.Background(), []byte(`{"index":{"fields":["n","none`+name+`"],"partial_filter_selector":{"n":{"$gte":0}}},"name":"`+name+`","ddoc":"i`+name+`"}`))
	if err != nil {
		return err
	}
	defer func() { assert.NoError(r.t, r.first.DeleteIndex(context.Background(), "i"+name, name)) }()
	return r.find(`{"selector":{"n":{"$gte":0},"none` + name + `":{"$exists":false}},"use_index":"i` + name + `","limit":1000}`)(see)
}

func (r *race) view(options core.ViewOptions) func(func(sight)) error {
	return func(see func(sight)) error {
		view := rowsOfRounds
		if options.Group {
			view = sumsOfRounds
		}
		_, err := r.first.QueryView(context.Background(), view, options, func(row *core.ViewRow) error {
			round := roundOf(row.Value)
			for first := range rawjson.Elements(row.Value) {
				n, _ := rawjson.Int(first)
				round = int(n)
				break
			}
			seen := sight{string(row.Key[1:5]), [2]int{round, round}}
			if row.Doc != nil {
				seen.rounds[1] = roundOf(row.Doc.Body)
			}
			see(seen)
			return nil
		})
		return err
	}
}

func (r *race) local(see func(sight)) error {
	return r.first.EachLocal(context.Background(), func(doc *core.Document) error {
		see(sight{strings.TrimPrefix(doc.ID, "_local/"), [2]int{roundOf(doc.Body), roundOf(doc.Body)}})
		return nil
	})
}

func (r *race) listLocal(see func(sight)) error {
	_, err := r.first.LocalDocs(context.Background(), core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
		see(sight{strings.TrimPrefix(row.Key, "_local/"), [2]int{roundOf(row.Doc.Body), roundOf(row.Doc.Body)}})
		return nil
	})
	return err
}

func (r *race) diff(see func(sight)) error {
	var requests []core.DocRevs
	for i := range racers {
		requests = append(requests, core.DocRevs{ID: racer(i), Revs: []core.Rev{{Generation: 1000, Hash: "ab"}}})
	}
	diffs, err := r.first.RevsDiff(context.Background(), requests)
	for _, diff := range diffs {
		newest := 0
		for _, ancestor := range diff.PossibleAncestors {
			newest = max(newest, int(ancestor.Generation))
		}
		see(sight{diff.ID, [2]int{newest, newest}})
	}
	return err
}

// check sees nothing of documents but how many there are.
func (r *race) check(see func(sight)) error {
	report, err := r.first.Check(context.Background())
	assert.Empty(r.t, report.Problems)
	for i := range report.Documents {
		see(sight{id: racer(i)})
	}
	return err
}
