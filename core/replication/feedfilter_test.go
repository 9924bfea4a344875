package replication_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/goscripts"
)

// remainders holds the filter of the recordings, and a view that does the same.
var remainders = goscripts.Functions{
	`function (doc, req) { return doc.n % 2 === parseInt(req.query.rem || '0'); }`: func(doc, query map[string]any) (bool, error) {
		wanted, _ := query["rem"].(string)
		n, is := doc["n"].(float64)
		return is && strconv.Itoa(int(n)%2) == wanted, nil
	},
	"odd":   func(doc, _ map[string]any) (bool, error) { n, _ := doc["n"].(float64); return int(n)%2 == 1, nil },
	"small": func(doc, _ map[string]any) (bool, error) { n, _ := doc["n"].(float64); return n < 5, nil },
}

const remaindersDocument = `{"filters":{"even":"function (doc, req) { return doc.n % 2 === parseInt(req.query.rem || '0'); }"},"views":{"odd":{"map":"odd"}}}`

// places opens an empty database here, and, where a server can listen, one on a server.
var places = map[string]func(t *testing.T) core.Adapter{
	"local": func(t *testing.T) core.Adapter { return openWith(t, docstore.Options{Scripts: remainders}) },
}

// oddOnly are the filters of a source that let the same through.
var oddOnly = map[string]replication.Options{
	"selector":               {Selector: []byte(`{"n":{"$mod":[2,1]}}`)},
	"view":                   {View: "d/odd"},
	"function":               {DesignFilter: "d/even", QueryParams: []byte(`{"rem":"1"}`)},
	"selector and predicate": {Selector: []byte(`{"n":{"$exists":true}}`), Filter: isOdd, FilterName: "odd"},
	"predicate":              {Filter: isOdd, FilterName: "odd"},
	"ids":                    {DocIDs: []string{docID(1), docID(3), docID(5), docID(7), docID(9), "nope"}},
}

func isOdd(_ context.Context, docs []*core.Document) ([]bool, error) {
	pass := make([]bool, len(docs))
	for i, doc := range docs {
		pass[i] = (doc.ID[len(doc.ID)-1]-'0')%2 == 1 && doc.ID[0] == 'd'
	}
	return pass, nil
}

// Of ten documents the odd ones arrive, and nothing else is asked for. Another run finds the checkpoint; without the filter the rest comes.
func TestFilteredAtTheSource(t *testing.T) {
	t.Parallel()
	for place, open := range places {
		for name, options := range oddOnly {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				source, target := open(t), openWith(t, docstore.Options{})
				fill(t, source, 0, 10)
				put(t, source, "_design/d", remaindersDocument)
				first := replicate(t, source, target, options)
				assert.Equal(t, 5, first.DocsWritten)
				if options.Filter == nil {
					assert.Equal(t, 5, first.MissingChecked, "the source filters")
				}
				assert.Len(t, leaves(t, target), 5)
				assert.Contains(t, leaves(t, target), docID(7))
				put(t, source, docID(0), `{"n":20}`)
				options.BatchSize = 3
				assert.Zero(t, replicate(t, source, target, options).DocsWritten)
				put(t, source, docID(1), `{"n":21}`)
				assert.Equal(t, 1, replicate(t, source, target, options).DocsWritten)

				whole := replicate(t, source, target, replication.Options{})
				assert.NotEqual(t, first.ReplicationID, whole.ReplicationID)
				assert.Len(t, leaves(t, target), 11)
			})
		}
	}
}

// What a filter leaves out is gone through once: the checkpoint moves over it.
func TestCheckpointPassesWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	options := replication.Options{Selector: []byte(`{"n":100}`)}
	replicate(t, source, target, options)
	var since []core.Seq
	script := &faultadapter.Script{Decide: func(_ faultadapter.Call, arguments any) faultadapter.Fault {
		if asked, ok := arguments.(core.ChangesOptions); ok {
			since = append(since, asked.Since)
		}
		return faultadapter.Fault{}
	}}
	replicate(t, script.Wrap("source", source), target, options)
	assert.Equal(t, []core.Seq{"10"}, since)
}

// Under the same name stands another function: what the first one left out comes now.
func TestChangedFunctionBeginsAnew(t *testing.T) {
	t.Parallel()
	source, target := openWith(t, docstore.Options{Scripts: remainders}), open(t)
	fill(t, source, 0, 10)
	put(t, source, "_design/d", `{"views":{"v":{"map":"odd"}}}`)
	options := replication.Options{View: "d/v"}
	assert.Equal(t, 5, replicate(t, source, target, options).DocsWritten)
	put(t, source, "_design/d", `{"views":{"v":{"map":"small"}}}`)
	assert.Equal(t, 4, replicate(t, source, target, options).DocsWritten, "d0, d2, d4, and the design document, which has no number")
}

func TestFilteredLive(t *testing.T) {
	t.Parallel()
	for place, open := range places {
		for _, name := range []string{"selector", "view", "function"} {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				source, target := open(t), openWith(t, docstore.Options{})
				put(t, source, "_design/d", remaindersDocument)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				arrived := make(chan string, 20)
				options := oddOnly[name]
				options.Live = true
				options.OnEvent = func(event replication.Event) {
					for _, doc := range event.Docs {
						arrived <- doc.ID
					}
				}
				done := make(chan error, 1)
				go func() {
					_, err := replication.Run(ctx, source, target, options)
					done <- err
				}()
				for i := range 6 {
					put(t, source, docID(i), `{"n":`+strconv.Itoa(i)+`}`)
				}
				got := map[string]bool{}
				for len(got) < 3 {
					select {
					case id := <-arrived:
						got[id] = true
					case <-ctx.Done():
						require.FailNow(t, "they do not arrive", "%v", got)
					}
				}
				assert.Equal(t, map[string]bool{docID(1): true, docID(3): true, docID(5): true}, got)
				cancel()
				assert.ErrorIs(t, <-done, context.Canceled)
			})
		}
	}
}

func TestFilterThatIsNotThere(t *testing.T) {
	t.Parallel()
	source, target := openWith(t, docstore.Options{Scripts: remainders}), open(t)
	fill(t, source, 0, 3)
	put(t, source, "_design/d", remaindersDocument)
	for text, options := range map[string]replication.Options{
		"document _design/nope":   {DesignFilter: "nope/f"},
		"missing json key: nope":  {View: "d/nope"},
		"Invalid operator: $nope": {Selector: []byte(`{"$nope":1}`)},
		"the feed's function failed": {Filter: func(context.Context, []*core.Document) ([]bool, error) {
			return nil, errors.New("the feed's function failed")
		}, FilterName: "x"},
	} {
		result, err := replication.Run(t.Context(), source, target, options)
		require.ErrorContains(t, err, text)
		assert.False(t, result.OK)
		assert.Empty(t, leaves(t, target))
	}
}
