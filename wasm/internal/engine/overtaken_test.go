package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest/overtaken"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

func TestAnAnswerThatIsOvertakenIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	o := &overtaken.DB{}
	s.engine = engine.New(engine.Openers{"stored": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		db, err := memory.Open(ctx, name)
		o.DB = db
		return o, err
	}}}, s.deliver)
	db := s.open("stored", "a")
	s.fill(db, 300)
	for list, request := range map[string]string{
		"rows":    `["allDocs",` + db + `,{"include_docs":true}]`,
		"results": `["changes",` + db + `,{"since":0,"include_docs":true}]`,
		"docs":    `["find",` + db + `,{},{"selector":{},"limit":100000}]`,
		"rows ":   `["query",` + db + `,{"ddoc":"d","view":"v","include_docs":true}]`,
	} {
		o.Times.Store(3)
		call := s.submit(request)
		ids, _ := s.idsIn(call, strings.TrimSpace(list))
		assert.Len(t, ids, 300, request)
		assert.True(t, s.again[call], "parts were taken back: %s", request)

		o.Times.Store(1000)
		assert.Equal(t, core.ErrStorage.Name, s.fail(request).Name, "it does not go on for ever: %s", request)
	}
	s.call(`["put",` + db + `,{},{"_id":"_local/l"}]`)
	o.Times.Store(3)
	assert.Equal(t, `["{\"_id\":\"_local/l\",\"_rev\":\"0-1\"}"]`, s.call(`["localDocs",`+db+`,{}]`))
}

// overtakenDevice is the device of an engine that another tab overtakes when it reads for the nth time.
type overtakenDevice struct {
	logkv.Device
	reads    atomic.Int64
	overtake func()
}

// Read implements [logkv.Device].
func (d *overtakenDevice) Read(ctx context.Context, numbers []uint64) ([][]byte, error) {
	if d.reads.Add(-1) == 0 {
		d.overtake()
	}
	return d.Device.Read(ctx, numbers)
}

// Another tab changes everything and compacts while a listing is on its way, of which parts have been delivered.
func TestAListingIsOfOneStateWhenAnotherTabCompacts(t *testing.T) {
	t.Parallel()
	const count = 300
	ctx := context.Background()
	storage := memdevice.New()
	device := &overtakenDevice{Device: storage.Open(nil)}
	openOn := func(device logkv.Device) *docstore.DB {
		store, err := logkv.Open(ctx, device, logkv.Options{CacheBytes: 1, CompactionRatio: -1})
		require.NoError(t, err)
		db, err := docstore.Open(ctx, store, docstore.Options{Name: "race"})
		require.NoError(t, err)
		return db
	}
	other := openOn(storage.Open(nil))
	t.Cleanup(func() { assert.NoError(t, other.Close()) })
	round := 0
	device.overtake = func() { // not in the test's goroutine
		round++
		rows, _, err := core.ListAllDocs(ctx, other, core.AllDocsOptions{})
		var docs []*core.Document
		for i := range count {
			doc := &core.Document{ID: strconv.Itoa(1000 + i), Body: fmt.Appendf(nil, `{"round":%d,"text":"%s"}`, round, strings.Repeat("text ", 200))}
			if len(rows) == count {
				doc.Rev = rows[i].Rev
			}
			docs = append(docs, doc)
		}
		if err == nil {
			_, err = other.BulkDocs(ctx, docs, core.BulkDocsOptions{})
		}
		if err == nil {
			err = other.Compact(ctx)
		}
		if err != nil {
			panic(err)
		}
	}
	device.overtake()

	s := newShell(t)
	s.engine = engine.New(engine.Openers{"log": {Open: func(context.Context, string, []byte) (core.Adapter, error) {
		return openOn(device), nil
	}}}, s.deliver)
	db := s.open("log", "a")
	takenBack := 0
	for reads, before := 1, 0; before < round; reads++ {
		s.call(`["refresh",` + db + `,{}]`)
		before = round
		device.reads.Store(int64(reads))
		call := s.submit(`["allDocs",` + db + `,{"include_docs":true}]`)
		answer := s.wait(call)
		device.reads.Store(0)
		require.Equal(t, engine.Result, answer.kind, answer.text)
		var last struct{ Rows json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(answer.text), &last))
		s.mu.Lock()
		parts := append(s.parts[call], string(last.Rows))
		if s.again[call] {
			takenBack++
		}
		s.mu.Unlock()
		var rounds []int
		for _, part := range parts {
			var rows []struct{ Doc struct{ Round int } }
			require.NoError(t, json.Unmarshal([]byte(part), &rows))
			for _, row := range rows {
				rounds = append(rounds, row.Doc.Round)
				require.Equal(t, rounds[0], row.Doc.Round, "when it has read %d times", reads)
			}
		}
		require.Len(t, rounds, count, "when it has read %d times", reads)
	}
	assert.Positive(t, takenBack)
	s.call(`["close",0,{"db":` + db + `}]`)
}
