//go:build js && wasm

package fetchhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// nodeServer is a server in JavaScript, in the same process: Go cannot listen here. It keeps what became of its requests.
const nodeServer = `(http, elsewhere) => {
  const state = { closed: 0 }
  const read = (request) => new Promise((resolve) => {
    const chunks = []
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)))
  })
  const server = http.createServer(async (request, response) => {
    const path = request.url.split("?")[0]
    response.on("close", () => { if (!response.writableEnded) state.closed++ })
    switch (path) {
      case "/echo": {
        const body = await read(request)
        response.setHeader("Set-Cookie", ["other=1", "AuthSession=abc==; Path=/; HttpOnly"])
        response.writeHead(201, { "Content-Type": "application/json" })
        return response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: body.toString("base64") }))
      }
      case "/bytes": {
        const size = Number(request.url.split("?")[1])
        return response.end(Buffer.from(Uint8Array.from({ length: size }, (_, i) => i * 7)))
      }
      case "/chunks":
        for (const chunk of ["{\"results\":[", "{\"seq\":1,\"id\":\"é", "\",\"changes\":[]}", "],\"last_seq\":1}"]) {
          response.write(chunk)
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
        return response.end()
      case "/empty": response.writeHead(204); return response.end()
      case "/silent": return
      case "/hang": return void response.write("{")
      case "/cut": response.writeHead(200, { "Content-Length": 1000 }); response.write("{"); return setTimeout(() => response.destroy(), 5)
      case "/here": response.writeHead(307, { Location: "/echo?moved" }); return response.end()
      case "/there": response.writeHead(307, { Location: elsewhere + "/echo?moved" }); return response.end()
    }
    if (path.startsWith("/notes")) {
      const body = (await read(request)).toString()
      const json = (status, value) => { response.writeHead(status, { "Content-Type": "application/json" }); response.end(JSON.stringify(value)) }
      if (request.headers.authorization !== "Basic YWRhOnPDqWNyZXQ=") return json(401, { error: "unauthorized", reason: "Name or password is incorrect." })
      if (path === "/notes/_bulk_docs") return json(201, JSON.parse(body).docs.map((doc) => ({ ok: true, id: doc._id, rev: "1-abc" })))
      if (path === "/notes/_changes") {
        response.write("{\"results\":[\n")
        const beat = setInterval(() => response.write("\n"), 5)
        return response.on("close", () => clearInterval(beat))
      }
      return json(200, { db_name: "notes", update_seq: "1-x", doc_count: 1 })
    }
    response.writeHead(404)
    response.end()
  })
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ url: "http://127.0.0.1:" + server.address().port, state, close: () => {
    server.closeAllConnections()
    server.close()
  } })))
}`

type fixture struct {
	url   string
	state js.Value
}

func startNodeServer(t *testing.T, elsewhere string) fixture {
	t.Helper()
	require.Equal(t, "function", js.Global().Get("require").Type().String(), "these tests run under Node")
	start := js.Global().Call("eval", nodeServer)
	promise := start.Invoke(js.Global().Call("require", "node:http"), elsewhere)
	server, err := await(t.Context(), promise, func() {})
	require.NoError(t, err)
	t.Cleanup(func() { server.Call("close") })
	return fixture{url: server.Get("url").String(), state: server.Get("state")}
}

// requireNoCallbacks waits until every callback is released: those of a call that was cancelled follow a little later.
func requireNoCallbacks(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return liveCallbacks.Load() == 0 }, 10*time.Second, time.Millisecond, "callbacks are left")
}

type echo struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
}

func ask(t *testing.T, request *Request) (int, echo, func(string) string) {
	t.Helper()
	if request.Header == nil {
		request.Header = map[string]string{}
	}
	response, err := newDoer().Do(t.Context(), request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var got echo
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	return response.Status, got, response.Header
}

// These tests share the count of callbacks, and therefore run one after the other.

func TestFetchRequests(t *testing.T) {
	server := startNodeServer(t, "")
	body := []byte("{\"ü\":\x00\xff}")
	status, got, header := ask(t, &Request{Method: "POST", URL: server.url + "/echo?a=%2B", Body: body, Header: map[string]string{"content-type": "application/json", "x-key": "k",
		"authorization": "Basic eA==", "cookie": "AuthSession=x"}})
	assert.Equal(t, 201, status)
	assert.Equal(t, "POST", got.Method)
	assert.Equal(t, "/echo?a=%2B", got.URL)
	assert.Equal(t, body, got.Body)
	assert.Equal(t, strconv.Itoa(len(body)), got.Headers["content-length"])
	assert.Empty(t, got.Headers["transfer-encoding"])
	for name, value := range map[string]string{"content-type": "application/json", "x-key": "k", "authorization": "Basic eA==", "cookie": "AuthSession=x"} {
		assert.Equal(t, value, got.Headers[name], name)
	}
	assert.Equal(t, "application/json", header("content-type"))
	assert.Empty(t, header("x-nothing"))
	cookie, lifetime := sessionCookie(&Response{Header: header})
	assert.Equal(t, "AuthSession=abc==", cookie)
	assert.Equal(t, sessionLifetime, lifetime)

	_, got, _ = ask(t, &Request{Method: "PUT", URL: server.url + "/echo", Cookies: true})
	assert.Equal(t, "PUT", got.Method)
	assert.Empty(t, got.Body)
	assert.Equal(t, "0", got.Headers["content-length"])
	_, got, _ = ask(t, &Request{Method: "GET", URL: server.url + "/echo"})
	assert.Equal(t, "GET", got.Method)
	requireNoCallbacks(t)
}

func TestFetchBodies(t *testing.T) {
	server := startNodeServer(t, "")
	for _, size := range []int{0, 1, 100_000, 3_000_000} {
		response, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/bytes?" + strconv.Itoa(size)})
		require.NoError(t, err)
		read, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i * 7)
		}
		assert.True(t, bytes.Equal(want, read), "%d bytes", size)
		require.NoError(t, response.Body.Close())
	}
	response, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/empty"})
	require.NoError(t, err)
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Empty(t, read)

	response, err = newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/chunks"})
	require.NoError(t, err)
	rows := 0
	rest, err := (&rowReader{source: response.Body, limit: 1000}).run("results", func([]byte) error { rows++; return nil })
	require.NoError(t, err)
	assert.Equal(t, 1, rows)
	assert.JSONEq(t, `{"results":[],"last_seq":1}`, string(rest))
	requireNoCallbacks(t)
}

func TestFetchRedirectsAreSeen(t *testing.T) {
	server := startNodeServer(t, "")
	response, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/here"})
	require.NoError(t, err)
	assert.Equal(t, 307, response.Status)
	assert.Equal(t, "/echo?moved", response.Header("location"))
	require.NoError(t, response.Body.Close())
	requireNoCallbacks(t)
}

// TestFetchFollows is for browsers, which do not say where a redirect leads.
func TestFetchFollows(t *testing.T) {
	stranger := startNodeServer(t, "")
	server := startNodeServer(t, strings.Replace(stranger.url, "127.0.0.1", "localhost", 1))
	for path, stays := range map[string]bool{"/here": true, "/there": false} {
		// Without a body, which Node 20 cannot send a second time.
		request := &Request{Method: "GET", URL: server.url + path, Header: map[string]string{"authorization": "Basic eA=="}}
		response, abort, err := fetch(t.Context(), request, "follow")
		require.NoError(t, err)
		text, err := await(t.Context(), response.Call("text"), abort)
		require.NoError(t, err)
		var got echo
		require.NoError(t, json.Unmarshal([]byte(text.String()), &got))
		assert.Equal(t, "/echo?moved", got.URL)
		assert.Equal(t, stays, got.Headers["authorization"] != "", "fetch keeps credentials to the origin")
	}
	requireNoCallbacks(t)
}

func TestFetchFailures(t *testing.T) {
	server := startNodeServer(t, "")
	_, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: "http://127.0.0.1:1/"})
	require.Error(t, err)
	_, err = newDoer().Do(t.Context(), &Request{Method: "GET", URL: "http://"})
	require.Error(t, err)
	_, err = newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url, Header: map[string]string{"bad name": "x"}})
	require.Error(t, err)
	response, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/cut"})
	require.NoError(t, err)
	_, err = io.ReadAll(response.Body)
	require.Error(t, err)
	requireNoCallbacks(t)
}

func TestFetchCancel(t *testing.T) {
	server := startNodeServer(t, "")
	for _, path := range []string{"/silent", "/hang"} {
		closed := server.state.Get("closed").Int()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		response, err := newDoer().Do(ctx, &Request{Method: "GET", URL: server.url + path})
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_, again := response.Body.Read(make([]byte, 1))
			assert.Equal(t, context.DeadlineExceeded, again)
			require.NoError(t, response.Body.Close())
		}
		assert.Equal(t, context.DeadlineExceeded, err, path)
		_, err = newDoer().Do(ctx, &Request{Method: "GET", URL: server.url + path})
		assert.Equal(t, context.DeadlineExceeded, err, "a context that has ended sends nothing")
		cancel()
		require.Eventually(t, func() bool { return server.state.Get("closed").Int() == closed+1 }, 10*time.Second, 20*time.Millisecond, "the server was not told")
		requireNoCallbacks(t)
	}
	// Closing a body before its end lets go of the connection as well.
	closed := server.state.Get("closed").Int()
	response, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: server.url + "/hang"})
	require.NoError(t, err)
	_, err = response.Body.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.NoError(t, response.Body.Close())
	require.Eventually(t, func() bool { return server.state.Get("closed").Int() == closed+1 }, 10*time.Second, 20*time.Millisecond, "the server was not told")
	requireNoCallbacks(t)
}

// TestFetchDatabase goes the whole way, through the protocol.
func TestFetchDatabase(t *testing.T) {
	server := startNodeServer(t, "")
	at := strings.Replace(server.url, "http://", "http://ada:s%C3%A9cret@", 1) + "/notes"
	db, err := Open(t.Context(), at, Options{Heartbeat: 10 * time.Millisecond})
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			revision, err := core.Put(t.Context(), db, &core.Document{ID: "ü" + strconv.Itoa(i), Body: []byte(`{"v":"é"}`)})
			if assert.NoError(t, err) {
				assert.Equal(t, "1-abc", revision.String())
			}
		})
	}
	all.Wait()
	summary, err := db.Changes(t.Context(), core.ChangesOptions{Since: "1-x", Wait: 50 * time.Millisecond}, nil)
	require.NoError(t, err)
	assert.Equal(t, core.Seq("1-x"), summary.LastSeq)
	time.AfterFunc(20*time.Millisecond, func() { _ = db.Close() })
	_, err = db.Changes(t.Context(), core.ChangesOptions{Since: "1-x", Wait: time.Hour}, nil)
	assert.ErrorIs(t, err, core.ErrClosed)
	_, err = Open(t.Context(), strings.Replace(at, "s%C3%A9cret", "wrong", 1), Options{})
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	_, err = Open(t.Context(), "http://ada:s3cr3t@127.0.0.1:1/notes", Options{})
	require.ErrorIs(t, err, core.ErrUnreachable)
	assert.NotContains(t, err.Error(), "s3cr3t")
	requireNoCallbacks(t)
}
