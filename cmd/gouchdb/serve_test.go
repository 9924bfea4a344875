package main

import (
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
		{"PUT", "/notes/a", 80, http.StatusCreated},
		{"PUT", "/notes/b", 120, http.StatusRequestEntityTooLarge},
		{"POST", "/notes/_bulk_docs", 2000, http.StatusRequestEntityTooLarge},
		{"PUT", "/notes/c/attachment", 1500, http.StatusCreated},
		{"PUT", "/notes/d/attachment", 2500, http.StatusRequestEntityTooLarge},
	} {
		body := `{"text":"` + strings.Repeat("x", test.bytes-len(`{"text":""}`)) + `"}`
		status, text := r.do(t, test.method, test.path, body)
		assert.Equal(t, test.status, status, "%s: %s", test.path, text)
	}
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
