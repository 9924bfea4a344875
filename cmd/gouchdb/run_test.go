package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output is what a command prints, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

var withPassword = environment(map[string]string{passwordVariable: "hunter2"})

// try runs a command that ends by itself.
func try(t *testing.T, getenv func(string) string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs output
	code = run(t.Context(), args, process{stdout: &out, stderr: &errs, getenv: getenv, iterations: 1})
	return code, out.String(), errs.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		args   []string
		getenv func(string) string
		code   int
		says   string
	}{
		{nil, environment(nil), exitUsage, "Usage: gouchdb COMMAND"},
		{[]string{"help"}, environment(nil), exitOK, "serve databases over HTTP"},
		{[]string{"frobnicate"}, environment(nil), exitUsage, `no command "frobnicate"`},
		{[]string{"version"}, environment(nil), exitOK, "gouchdb "},
		{[]string{"version", "extra"}, environment(nil), exitUsage, "0 arguments"},
		{[]string{"serve", "--help"}, environment(nil), exitOK, "--admin-password-file"},
		{[]string{"serve", "--frobnicate"}, environment(nil), exitUsage, "frobnicate"},
		{[]string{"serve"}, withPassword, exitUsage, "--dir or --memory"},
		{[]string{"serve", "--memory", "--dir", "x"}, withPassword, exitUsage, "--dir or --memory"},
		{[]string{"serve", "--memory"}, environment(nil), exitUsage, "$GOUCHDB_ADMIN_PASSWORD"},
		{[]string{"serve", "--memory", "--no-auth"}, withPassword, exitUsage, "only one of them"},
		{[]string{"serve", "--memory", "--no-auth", "--addr", "0.0.0.0:0"}, environment(nil), exitUsage, "everybody"},
		{[]string{"serve", "--memory", "--no-auth", "--addr", ":0"}, environment(nil), exitUsage, "everybody"},
		{[]string{"serve", "--memory", "--no-auth", "--addr", "[::]:0"}, environment(nil), exitUsage, "everybody"},
		{[]string{"serve", "--memory", "--no-auth", "--addr", "example.com:0"}, environment(nil), exitUsage, "everybody"},
		{[]string{"serve", "--memory", "--addr", "nonsense"}, withPassword, exitUsage, "host:port"},
		{[]string{"serve", "--memory", "--admin", "admin:hunter2"}, withPassword, exitUsage, "without a colon"},
		{[]string{"serve", "--memory", "--tls-cert", "x"}, withPassword, exitUsage, "go together"},
		{[]string{"serve", "--memory", "--tls-cert", missing, "--tls-key", missing}, withPassword, exitFailure, "--tls-cert"},
		{[]string{"serve", "--memory", "--max-document-bytes", "0"}, withPassword, exitUsage, "--max-document-bytes must be"},
		{[]string{"serve", "--memory", "--max-request-bytes", "-1"}, withPassword, exitUsage, "--max-request-bytes must be"},
		{[]string{"serve", "--memory", "--max-attachment-bytes", "0"}, withPassword, exitUsage, "--max-attachment-bytes must be"},
		{[]string{"serve", "--memory", "--io-timeout", "0"}, withPassword, exitUsage, "--io-timeout must be"},
		{[]string{"serve", "--memory", "--session-timeout", "-1s"}, withPassword, exitUsage, "--session-timeout must be"},
		{[]string{"serve", "--memory", "--shutdown-timeout", "0"}, withPassword, exitUsage, "--shutdown-timeout must be"},
		{[]string{"serve", "--dir", "run_test.go"}, withPassword, exitFailure, "making the data directory"},
		{[]string{"serve", "--memory", "--cors", "https://app.example/path"}, withPassword, exitFailure, "not an origin"},
		{[]string{"serve", "--memory", "--static", missing}, withPassword, exitUsage, "not a directory"},
		{[]string{"serve", "--memory", "--cors", "app.example"}, withPassword, exitFailure, "not an origin"},
		{[]string{"serve", "--memory", "--create", "Bad"}, withPassword, exitFailure, "Only lowercase"},
		{[]string{"serve", "--memory", "--admin-password-file", missing}, environment(nil), exitFailure, "missing"},
		{[]string{"serve", "--memory", "--log-level", "loud"}, withPassword, exitUsage, "log-level"},
		{[]string{"replicate", "memory:a"}, environment(nil), exitUsage, "2 arguments"},
		{[]string{"replicate", "a", "memory:b"}, environment(nil), exitFailure, "opening the source"},
		{[]string{"replicate", "--doc-ids", "a,b", "memory:a", "memory:b"}, environment(nil), exitUsage, "JSON array"},
		{[]string{"replicate", "--doc-ids", "null", "memory:a", "memory:b"}, environment(nil), exitUsage, "JSON array"},
		{[]string{"replicate", "--selector", "{", "memory:a", "memory:b"}, environment(nil), exitFailure, "invalid JSON"},
		{[]string{"replicate", "--selector", "{}", "--view", "d/v", "memory:a", "memory:b"}, environment(nil), exitFailure, "View"},
		{[]string{"replicate", "--query-params", "{}", "memory:a", "memory:b"}, environment(nil), exitFailure, "QueryParams"},
		{[]string{"replicate", "--checkpoint", "nowhere", "memory:a", "memory:b"}, environment(nil), exitFailure, `no mode "nowhere"`},
		{[]string{"replicate", "--batch-size", "-1", "memory:a", "memory:b"}, environment(nil), exitFailure, "BatchSize"},
		{[]string{"replicate", "--filter", "d/f", "memory:a", "memory:b"}, environment(nil), exitFailure, "_design/d"},
		{[]string{"replicate", "memory:a", "http://admin:hunter2@127.0.0.1:1/db"}, environment(nil), exitFailure, "opening the target"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := try(t, test.getenv, test.args...)
			assert.Equal(t, test.code, code, stdout+stderr)
			assert.Contains(t, strings.ReplaceAll(stdout+stderr, "\n  -", "\n  --"), test.says)
			assert.NotContains(t, stdout+stderr, "hunter2")
		})
	}
}

// running is a gouchdb serve in this process.
type running struct {
	url            string
	stop           context.CancelFunc
	ended          chan int
	stdout, stderr *output
}

var listening = regexp.MustCompile(`listens on (\S+)/\n`)

func startServe(t *testing.T, getenv func(string) string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	r := &running{stop: cancel, ended: make(chan int, 1), stdout: &output{}, stderr: &output{}}
	go func() {
		r.ended <- run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), process{stdout: writer, stderr: r.stderr, getenv: getenv, iterations: 1})
		_ = writer.Close()
	}()
	found := make(chan string, 1)
	go func() {
		buffer := make([]byte, 1024)
		for listens := false; ; {
			n, err := reader.Read(buffer)
			_, _ = r.stdout.Write(buffer[:n])
			if match := listening.FindStringSubmatch(r.stdout.String()); match != nil && !listens {
				found <- match[1]
				listens = true
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case r.url = <-found:
	case code := <-r.ended:
		require.Fail(t, "serve did not start", "exit code %d: %s", code, r.stderr)
	}
	t.Cleanup(cancel)
	return r
}

// end stops the server as a signal does.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	assert.Equal(t, exitOK, <-r.ended, r.stderr.String())
	assert.NotContains(t, r.stdout.String()+r.stderr.String(), "hunter2")
}

func (r *running) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/html")
	request.SetBasicAuth("admin", "hunter2")
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

func TestServeKeepsDataAndIdentity(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	uuid := func(r *running) string {
		var welcome struct{ UUID string }
		_, text := r.do(t, "GET", "/", "")
		require.NoError(t, json.Unmarshal([]byte(text), &welcome))
		return welcome.UUID
	}
	first := startServe(t, withPassword, "--dir", dir, "--create", "notes, a/b", "--log-level", "DEBUG")
	status, text := first.do(t, "PUT", "/notes/doc", `{"v":1}`)
	require.Equal(t, http.StatusCreated, status, text)
	status, _ = first.do(t, "PUT", "/notes/_security", `{"members":{"names":["somebody"]}}`)
	require.Equal(t, http.StatusOK, status)
	identity := uuid(first)
	first.end(t)
	assert.Contains(t, first.stderr.String(), "path=/notes/doc", "each request is logged")

	second := startServe(t, withPassword, "--dir", dir, "--create", "notes")
	_, text = second.do(t, "GET", "/_all_dbs", "")
	assert.JSONEq(t, `["a/b","notes"]`, text)
	_, text = second.do(t, "GET", "/notes/doc", "")
	assert.JSONEq(t, `{"_id":"doc","_rev":"1-7a7e4b29f3af401e69b6f86e4c26b727","v":1}`, text)
	_, text = second.do(t, "GET", "/notes/_security", "")
	assert.JSONEq(t, `{"members":{"names":["somebody"]}}`, text)
	assert.Equal(t, identity, uuid(second))
	status, _ = second.do(t, "DELETE", "/a%2Fb", "")
	assert.Equal(t, http.StatusOK, status)
	second.end(t)
	assert.NotContains(t, second.stderr.String(), "path=/notes/doc")
	entries, err := os.ReadDir(filepath.Join(dir, "databases"))
	require.NoError(t, err)
	assert.Len(t, entries, 1)

	info, err := os.Stat(filepath.Join(dir, "databases"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(dir, "server.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "the secret is nobody else's")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.json"), []byte("{"), 0o600))
	code, _, stderr := try(t, withPassword, "serve", "--dir", dir)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "damaged")
}

// The first line of the file is the password, whatever the environment says and however the file's lines end.
func TestServePasswordFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	for _, text := range []string{"hunter2", "hunter2\n", "hunter2\r\nanother\n"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		r := startServe(t, environment(map[string]string{passwordVariable: "another"}), "--memory", "--admin-password-file", file)
		status, _ := r.do(t, "GET", "/_all_dbs", "")
		assert.Equal(t, http.StatusOK, status, "%q", text)
		r.end(t)
	}
	require.NoError(t, os.WriteFile(file, []byte("\nhunter2\n"), 0o600))
	code, stdout, stderr := try(t, environment(nil), "serve", "--memory", "--admin-password-file", file)
	assert.Equal(t, exitFailure, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "the first line of the password file is empty")
}

func TestServeStatic(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	static := filepath.Join(root, "app")
	require.NoError(t, os.Mkdir(static, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(static, "index.html"), []byte("<h1>Board</h1>"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(static, "lib.wasm"), []byte("\x00asm"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "secret"), []byte("secret"), 0o600))
	r := startServe(t, environment(nil), "--memory", "--no-auth", "--static", static)
	assert.Contains(t, r.stdout.String(), r.url+"/\n")

	get := func(path, accept string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url, nil)
		require.NoError(t, err)
		request.URL.Opaque = strings.TrimPrefix(r.url, "http:") + path
		request.Header.Set("Accept", accept)
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	welcome := get("/", "application/json")
	assert.Equal(t, "application/json", welcome.Header.Get("Content-Type"), "programs are welcomed at /")
	browser := get("/", "text/html,application/xhtml+xml,*/*;q=0.8")
	assert.Equal(t, http.StatusSeeOther, browser.StatusCode, "browsers are sent to the application")
	assert.Equal(t, "/_app/", browser.Header.Get("Location"))
	assert.Equal(t, http.StatusMovedPermanently, get("/_app", "*/*").StatusCode)
	page, err := io.ReadAll(get("/_app/", "text/html").Body)
	require.NoError(t, err)
	assert.Equal(t, "<h1>Board</h1>", string(page))
	assert.Equal(t, "application/wasm", get("/_app/lib.wasm", "*/*").Header.Get("Content-Type"))
	for _, path := range []string{"/_app/../secret", "/_app/%2e%2e/secret", "/_app/..%2fsecret", "/_app//../secret"} {
		text, err := io.ReadAll(get(path, "*/*").Body)
		require.NoError(t, err)
		assert.NotEqual(t, "secret", string(text), path)
	}
	r.end(t)
}
