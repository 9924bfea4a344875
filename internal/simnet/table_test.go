//go:build !js

package simnet_test

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/simnet"
	"github.com/gouchdb/gouchdb/server"
)

// meddler stands between a client and the network. decide is asked about each request with how many of the same method and path there were before.
type meddler struct {
	simnet.Network
	mutex  sync.Mutex
	counts map[string]int
	total  int
	decide func(request *fetchhttp.Request, path string, before int) *answer
}

// answer stands in for that of the server, which with after gets the request nevertheless.
type answer struct {
	status int
	header map[string]string
	body   string
	after  bool
	lost   bool
}

func (m *meddler) Do(ctx context.Context, request *fetchhttp.Request) (*fetchhttp.Response, error) {
	_, path, _ := strings.Cut(request.URL, hostName)
	path, _, _ = strings.Cut(path, "?")
	m.mutex.Lock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	before := m.counts[request.Method+path]
	m.counts[request.Method+path]++
	m.total++
	a := m.decide(request, path, before)
	m.mutex.Unlock()
	if a == nil || a.after {
		response, err := m.Network.Do(ctx, request)
		if a == nil || err != nil {
			return response, err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	if a.lost {
		return nil, io.ErrUnexpectedEOF
	}
	return &fetchhttp.Response{Status: a.status, Header: func(name string) string { return a.header[name] }, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// picky is a database whose validation refuses a document.
type picky struct{ core.Adapter }

func (p picky) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	results, err := p.Adapter.BulkDocs(ctx, docs, options)
	for i := range results {
		if results[i].ID == "d3" {
			results[i].Err = core.ErrForbidden.Because("not d3").Of("d3")
		}
	}
	return results, err
}

// TestErrorTable goes through the table of errors of the specification, over HTTP, in a push and a pull, once and live.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	type outcome struct {
		denied    int
		least     time.Duration
		err       error
		requests  int // at most; 0: any number
		documents int
	}
	const documents = 20
	all := outcome{documents: documents}
	times := func(n int, a answer) func(*fetchhttp.Request, string, int) *answer {
		return func(_ *fetchhttp.Request, _ string, before int) *answer {
			if before < n {
				return &a
			}
			return nil
		}
	}
	to := func(part string, n int, a answer) func(*fetchhttp.Request, string, int) *answer {
		return func(request *fetchhttp.Request, path string, before int) *answer {
			if before < n && strings.Contains(path, part) {
				return &a
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		decide   func(request *fetchhttp.Request, path string, before int) *answer
		password string
		auth     fetchhttp.AuthMode
		picky    bool
		pullOnly bool
		pushOnly bool
		want     outcome
	}{
		"408":                      {decide: times(1, answer{status: 408}), want: all},
		"500 in CouchDB's words":   {decide: times(1, answer{status: 500, body: `{"error":"x","reason":"y"}`}), want: all},
		"503 of a proxy":           {decide: times(1, answer{status: 503, body: "<html>"}), want: all},
		"429 with Retry-After":     {decide: to("_local", 3, answer{status: 429, header: map[string]string{"retry-after": "7"}}), want: outcome{documents: documents, least: 21 * time.Second}},
		"429 more often than that": {decide: to("_local", 9, answer{status: 429}), want: all},
		"413 of a proxy": {pushOnly: true, decide: func(request *fetchhttp.Request, path string, _ int) *answer {
			if strings.HasSuffix(path, "_bulk_docs") && len(request.Body) > 900 {
				return &answer{status: 413, body: "<html>"}
			}
			return nil
		}, want: all},
		"413 for questions": {decide: func(request *fetchhttp.Request, path string, _ int) *answer {
			if (strings.HasSuffix(path, "_bulk_get") || strings.HasSuffix(path, "_revs_diff")) && len(request.Body) > 300 {
				return &answer{status: 413}
			}
			return nil
		}, want: all},
		"a session that has run out":  {auth: fetchhttp.CookieAuth, decide: to("_changes", 1, answer{status: 401, body: `{"error":"unauthorized","reason":"expired"}`}), want: all},
		"a wrong password":            {password: "wrong", decide: times(0, answer{}), want: outcome{err: core.ErrUnauthorized, requests: 2}},
		"a wrong password, by cookie": {password: "wrong", auth: fetchhttp.CookieAuth, decide: times(0, answer{}), want: outcome{err: core.ErrUnauthorized, requests: 2}},
		"a document that is refused":  {pushOnly: true, picky: true, decide: times(0, answer{}), want: outcome{denied: 1, documents: documents}},
		"redirects": {decide: func(request *fetchhttp.Request, path string, _ int) *answer {
			if !strings.HasPrefix(path, "/db2") {
				return &answer{status: 307, header: map[string]string{"location": strings.Replace(path, "/db", "/db2", 1) + query(request.URL)}}
			}
			return nil
		}, want: all},
		"lost answers to checkpoints": {decide: to("_local", 2, answer{after: true, lost: true}), want: all},
		"lost answers to everything":  {decide: times(1, answer{after: true, lost: true}), want: all},
		"conflicts of checkpoints": {decide: func(request *fetchhttp.Request, path string, before int) *answer {
			if request.Method == "PUT" && strings.Contains(path, "_local") && before < 3 {
				return &answer{status: 409, body: `{"error":"conflict","reason":"Document update conflict."}`}
			}
			return nil
		}, want: all},
		"414": {pullOnly: true, decide: func(request *fetchhttp.Request, _ string, _ int) *answer {
			if len(request.URL) > 260 {
				return &answer{status: 414, body: "<html>"}
			}
			return nil
		}, want: all},
		"a missing database": {decide: to("", 1000, answer{status: 404, body: `{"error":"not_found","reason":"Database does not exist."}`}), want: outcome{err: core.ErrNoDatabase}},
	} {
		for _, live := range []bool{false, true} {
			for _, pull := range []bool{false, true} {
				if pull && test.pushOnly || !pull && test.pullOnly {
					continue
				}
				t.Run(fmt.Sprintf("%s/live %t/pull %t", name, live, pull), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						local, shared := must(memory.Open(t.Context(), "local")), must(memory.Open(t.Context(), "shared"))
						source := shared
						if !pull {
							source = local
						}
						prepare(t, source, documents)
						var remoteDB core.Adapter = shared
						if test.picky {
							remoteDB = picky{shared}
						}
						databases := server.Memory(func(context.Context, string) (core.Adapter, error) { return remoteDB, nil })
						for _, name := range []string{"db", "db2"} {
							must(databases.Create(t.Context(), name))
						}
						handler := must(server.New(server.Options{Databases: databases, Users: []server.User{{Name: "ada", PasswordHash: must(server.HashPassword("right", 1000)), Roles: []string{"_admin"}}}}))
						hosts := &simnet.Hosts{}
						hosts.Up(hostName, handler)
						between := &meddler{Network: simnet.Network{Hosts: hosts, Honest: true}, decide: test.decide}
						password := test.password
						if password == "" {
							password = "right"
						}
						remote := must(fetchhttp.Open(t.Context(), "http://"+hostName+"/db", fetchhttp.Options{Doer: between, SkipSetup: true, User: "ada", Password: password, Auth: test.auth}))
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						options := replication.Options{Live: live}
						options.Retry.Forever = live
						denied, began := 0, time.Now()
						var paused time.Duration
						options.OnEvent = func(event replication.Event) {
							switch {
							case event.Type == replication.EventDenied:
								denied++
							case event.Type == replication.EventCheckpoint && event.Result.DocsWritten+event.Result.Denied >= documents:
								paused = time.Since(began)
								cancel() // it has come through; a live one would stay on
							}
						}
						from, into := core.Adapter(local), core.Adapter(remote)
						if pull {
							from, into = into, from
						}
						_, err := replication.Run(ctx, from, into, options)
						if test.want.err != nil {
							require.ErrorIs(t, err, test.want.err)
						} else if err != nil {
							require.ErrorIs(t, err, context.Canceled)
						}
						assert.Equal(t, test.want.denied, denied)
						assert.GreaterOrEqual(t, paused, test.want.least)
						if test.want.requests > 0 {
							assert.LessOrEqual(t, between.total, test.want.requests, "each further one could lock the account")
						}
						target := local
						if !pull {
							target = shared
						}
						info := must(target.Info(t.Context()))
						assert.Equal(t, uint64(test.want.documents), info.DocCount)
						hosts.Down(hostName)
						check(remote.Close())
						check(handler.Close())
						check(local.Close())
						check(shared.Close())
					})
				})
			}
		}
	}
}

// query returns the query of a URL with its question mark.
func query(url string) string {
	if at := strings.IndexByte(url, '?'); at >= 0 {
		return url[at:]
	}
	return ""
}

// prepare writes documents, one of which has an attachment.
func prepare(t *testing.T, db core.Adapter, count int) {
	for i := range count {
		doc := &core.Document{ID: "d" + strconv.Itoa(i), Body: []byte(`{"text":"` + strings.Repeat("x", 50) + `"}`)}
		if i == 5 {
			doc.Attachments = []core.Attachment{{Name: "a", ContentType: "image/png", Data: []byte("content")}}
		}
		must(core.Put(t.Context(), db, doc))
	}
}
