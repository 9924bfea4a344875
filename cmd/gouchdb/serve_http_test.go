package main

import (
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipes is a listener within the process: accept is what connects to it.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	connection, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return connection, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5984} }

// Who never ends the head of a request, or keeps a connection without asking for anything, does not have it for ever.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent   string
		answer bool
		within time.Duration
	}{
		"in the middle of a head": {"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", false, 10 * time.Second},
		"between requests":        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := make(pipes, 1)
				httpServer := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil, slog.New(slog.DiscardHandler))
				served := make(chan error, 1)
				go func() { served <- httpServer.Serve(listener) }()
				client, connection := net.Pipe()
				listener <- connection
				began := time.Now()
				_, err := io.WriteString(client, test.sent)
				require.NoError(t, err)
				text, err := io.ReadAll(client)
				require.NoError(t, err)
				assert.Equal(t, test.answer, len(text) > 0, string(text))
				assert.Equal(t, test.within, time.Since(began))
				close(listener)
				assert.ErrorIs(t, <-served, net.ErrClosed)
				require.NoError(t, httpServer.Close())
			})
		})
	}
}

// A listener that fails ends the server, which says why.
func TestServeOnAListenerThatFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	logger := slog.New(slog.DiscardHandler)
	err = serveOn(t.Context(), process{stdout: io.Discard}, &serveSettings{}, listener, newHTTPServer(http.NotFoundHandler(), nil, logger), logger)
	assert.ErrorIs(t, err, net.ErrClosed)
}

// What is under way when a signal comes has as long as the documentation says.
func TestShutdownTimeoutByDefault(t *testing.T) {
	t.Parallel()
	settings, err := parseServe(process{getenv: withPassword}, flag.NewFlagSet("serve", flag.ContinueOnError), []string{"--memory"})
	require.NoError(t, err)
	assert.Equal(t, 10*time.Second, settings.shutdownTimeout)
}
