package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyOneServerUsesADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServe(t, withPassword, "--dir", dir)
	code, stdout, stderr := try(t, withPassword, "serve", "--addr", "127.0.0.1:0", "--dir", dir)
	assert.Equal(t, exitFailure, code)
	assert.Empty(t, stdout, "it does not say that it listens")
	assert.Contains(t, stderr, "another server is using the data directory")
	first.end(t)
	startServe(t, withPassword, "--dir", dir).end(t)
}

func TestServeOnlyWhereItCanWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// A directory is in the place of the lock: for root, no permission is missing.
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "databases", "server.lock"), 0o700))
	code, stdout, stderr := try(t, withPassword, "serve", "--addr", "127.0.0.1:0", "--dir", dir)
	assert.Equal(t, exitFailure, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "the data directory cannot be written")
}

func TestServeAtAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, taken.Close()) }()
	code, stdout, stderr := try(t, withPassword, "serve", "--memory", "--addr", taken.Addr().String())
	assert.Equal(t, exitFailure, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, taken.Addr().String())
	assert.Contains(t, stderr, "address already in use")
}

// An upload that would take for ever does not keep the server, and what came before it is kept.
func TestASignalDuringAnUpload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startServe(t, withPassword, "--dir", dir, "--create", "notes", "--shutdown-timeout", "50ms")
	status, text := r.do(t, "PUT", "/notes/doc", `{"v":1}`)
	require.Equal(t, http.StatusCreated, status, text)

	body, upload := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+"/notes/other/attachment", body)
	require.NoError(t, err)
	request.SetBasicAuth("admin", "hunter2")
	request.Header.Set("Expect", "100-continue") // the body goes once the server reads it
	answered := make(chan error, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			err = response.Body.Close()
		}
		answered <- err
	}()
	_, err = upload.Write([]byte("the first of many bytes"))
	require.NoError(t, err)
	r.end(t)
	assert.NoError(t, upload.Close()) // the client does not give up before its body ends
	assert.Error(t, <-answered)
	assert.Contains(t, r.stderr.String(), "are cut off")

	again := startServe(t, withPassword, "--dir", dir)
	status, _ = again.do(t, "GET", "/notes/doc", "")
	assert.Equal(t, http.StatusOK, status)
	status, _ = again.do(t, "GET", "/notes/other", "")
	assert.Equal(t, http.StatusNotFound, status)
	again.end(t)
	assert.NotContains(t, again.stderr.String(), "are cut off")
}

func TestServeLimits(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "notes", "--max-document-bytes", "100", "--max-request-bytes", "1000", "--max-attachment-bytes", "2000")
	for _, test := range []struct {
		method, path string
		bytes        int
		status       int
	}{
		{"PUT", "/notes/a", 100, http.StatusCreated},
		{"PUT", "/notes/b", 101, http.StatusRequestEntityTooLarge},
		{"POST", "/notes/_bulk_docs", 1000, http.StatusBadRequest}, // it was read: there are no docs in it
		{"POST", "/notes/_bulk_docs", 1001, http.StatusRequestEntityTooLarge},
		{"PUT", "/notes/c/attachment", 2000, http.StatusCreated},
		{"PUT", "/notes/d/attachment", 2001, http.StatusRequestEntityTooLarge},
	} {
		body := `{"text":"` + strings.Repeat("x", test.bytes-len(`{"text":""}`)) + `"}`
		status, text := r.do(t, test.method, test.path, body)
		assert.Equal(t, test.status, status, "%s: %s", test.path, text)
	}
	r.end(t)
}

// Where everybody may do everything, a page of another site must not get at a server of this machine through a name of its own.
func TestServeWithoutPasswordByItsNamesOnly(t *testing.T) {
	t.Parallel()
	status := func(r *running, host string) int {
		_, port, err := net.SplitHostPort(strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/_up", nil)
		require.NoError(t, err)
		request.Host = host
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	here := startServe(t, environment(nil), "--memory", "--no-auth")
	assert.Equal(t, http.StatusOK, status(here, "localhost"))
	assert.Equal(t, http.StatusMisdirectedRequest, status(here, "app.example"))
	here.end(t)
	if runtime.GOOS == "linux" { // elsewhere a machine has only the first of its addresses until it is told so
		second := startServe(t, environment(nil), "--memory", "--no-auth", "--addr", "127.0.0.2:0")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, second.url+"/_up", nil)
		require.NoError(t, err)
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, "the address itself is a name of the server")
		second.end(t)
	}
	everywhere := startServe(t, environment(nil), "--memory", "--no-auth", "--addr", "0.0.0.0:0", "--i-know-that-anybody-can-delete-everything")
	assert.Equal(t, http.StatusOK, status(everywhere, "app.example"), "it is to be reached by any name")
	assert.Contains(t, everywhere.stdout.String(), "Everybody who can reach this address")
	everywhere.end(t)
}

// Views, and patterns of finds, work in both kinds of databases.
func TestServeRunsScripts(t *testing.T) {
	t.Parallel()
	for _, place := range [][]string{{"--memory"}, {"--dir", filepath.Join(t.TempDir(), "data")}} {
		r := startServe(t, withPassword, append(place, "--create", "notes")...)
		for path, body := range map[string]string{"/notes/milk": `{"title":"Buy milk"}`, "/notes/_design/d": `{"views":{"t":{"map":"function (doc) { emit(doc.title); }"}}}`} {
			status, text := r.do(t, "PUT", path, body)
			require.Equal(t, http.StatusCreated, status, text)
		}
		_, text := r.do(t, "GET", "/notes/_design/d/_view/t", "")
		assert.Contains(t, text, `"key":"Buy milk"`)
		_, text = r.do(t, "POST", "/notes/_find", `{"selector":{"title":{"$regex":"^Buy"}}}`)
		assert.Contains(t, text, `"_id":"milk"`)
		r.end(t)
	}
}

// Requests that are under way end as they would have, and feeds end at once, before the server does.
func TestASignalLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "notes", "--shutdown-timeout", "1h")
	request := func(method, path string, body io.Reader) *http.Request {
		request, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
		require.NoError(t, err)
		request.SetBasicAuth("admin", "hunter2")
		return request
	}
	feed, err := http.DefaultTransport.RoundTrip(request("GET", "/notes/_changes?feed=continuous&heartbeat=3600000", nil))
	require.NoError(t, err)
	defer func() { _ = feed.Body.Close() }()
	body, upload := io.Pipe()
	status := make(chan int, 1)
	go func() {
		put := request("PUT", "/notes/doc/attachment", body)
		put.Header.Set("Expect", "100-continue") // the body goes once the server reads it
		response, err := http.DefaultTransport.RoundTrip(put)
		if !assert.NoError(t, err) {
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	_, err = upload.Write([]byte("the first "))
	require.NoError(t, err)
	r.stop()
	_, err = io.Copy(io.Discard, feed.Body) // until it ends
	require.NoError(t, err)
	_, err = upload.Write([]byte("and the last"))
	require.NoError(t, err)
	require.NoError(t, upload.Close())
	assert.Equal(t, http.StatusCreated, <-status)
	r.end(t)
	assert.NotContains(t, r.stderr.String(), "are cut off")
}

// A client that is too slow is told so, after the time that was set; a session ends after its time; and headers end somewhere.
func TestServeTimes(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "notes", "--io-timeout", "50ms", "--session-timeout", "1h30m")
	connection, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "PUT /notes/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46aHVudGVyMg==\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusRequestTimeout, response.StatusCode)

	response, err = http.Post(r.url+"/_session", "application/json", strings.NewReader(`{"name":"admin","password":"hunter2"}`))
	require.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	require.Len(t, response.Cookies(), 1)
	assert.Equal(t, 5400, response.Cookies()[0].MaxAge)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/", nil)
	require.NoError(t, err)
	request.Header.Set("Cookie", strings.Repeat("x", 80<<10))
	response, err = http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
	r.end(t)
}

func TestServeHTTPS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
		return path
	}
	r := startServe(t, environment(nil), "--memory", "--no-auth", "--tls-cert", write("cert.pem", "CERTIFICATE", certificate), "--tls-key", write("key.pem", "PRIVATE KEY", secret))
	require.True(t, strings.HasPrefix(r.url, "https://127.0.0.1:"), r.url)
	trusted := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(certificate)
	require.NoError(t, err)
	trusted.AddCert(parsed)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}}
	response, err := client.Get(r.url + "/_up")
	require.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "HTTP/2.0", response.Proto)
	client.CloseIdleConnections()
	r.end(t)
}
