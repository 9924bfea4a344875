//go:build js && wasm

package fetchhttp

import (
	"context"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/leaktest"
)

// couchDB stands in for fetch: a server with one document, whose long polls hang until they are given up.
const couchDB = `(url, { signal }) => {
  const { pathname, searchParams } = new URL(url);
  // A Response of Node's would take most of the time.
  const answer = (value) => {
    const reads = [{ done: false, value: new TextEncoder().encode(JSON.stringify(value)) }, { done: true }];
    const body = { getReader: () => ({ read: () => Promise.resolve(reads.shift()) }) };
    return Promise.resolve({ status: 200, type: "basic", url, headers: { get: (name) => (name === "content-type" ? "application/json" : null) }, body });
  };
  if (searchParams.get("feed") === "longpoll") {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
  }
  if (pathname.endsWith("/_changes")) {
    const results = searchParams.get("since") === "1-x" ? [] : [{ seq: "1-x", id: "a", changes: [{ rev: "1-b" }] }];
    return answer({ results, last_seq: "1-x", pending: 0 });
  }
  if (pathname.endsWith("/_bulk_get")) {
    return answer({ results: [{ id: "a", docs: [{ ok: { _id: "a", _rev: "1-b", _revisions: { start: 1, ids: ["b"] } } }] }] });
  }
  return answer({ db_name: "x", update_seq: "1-x", doc_count: 1 });
}`

// TestThousandsOfLiveReplicationsLeaveNothing begins and ends live replications that come to wait for a server, in turns with other tabs.
func TestThousandsOfLiveReplicationsLeaveNothing(t *testing.T) {
	withLocks(t)
	fetch := js.Global().Get("fetch")
	js.Global().Set("fetch", js.Global().Call("eval", couchDB))
	defer js.Global().Set("fetch", fetch)
	target, err := memory.Open(t.Context(), "")
	require.NoError(t, err)
	remote, err := Open(t.Context(), "http://127.0.0.1:1/x", Options{MaxPolls: 2})
	require.NoError(t, err)
	cycles := 0
	leaktest.Run(t, leaktest.Cycles, func() {
		since := core.Seq("1-x") // to come to the waiting quickly
		if cycles++; cycles%10 == 0 {
			since = ""
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := replication.Run(ctx, remote, target, replication.Options{Live: true, Since: since, Checkpoint: replication.CheckpointNone, OnEvent: func(event replication.Event) {
			if event.Type == replication.EventPaused {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
	}, liveCallbacks.Load)
	info, err := target.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(1), info.DocCount)
	require.NoError(t, remote.Close())
	require.NoError(t, target.Close())
}
