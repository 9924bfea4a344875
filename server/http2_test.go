package server_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

// HTTP/2, which comes with TLS, ends a stream when the deadline of a write passes after the write as well. A feed that has nothing to tell for longer than that must go on.
func TestQuietFeedsOverHTTP2(t *testing.T) {
	t.Parallel()
	handler, err := server.New(server.Options{Databases: server.Memory(openMemory), AllowAnonymous: true, IOTimeout: 60 * time.Millisecond})
	require.NoError(t, err)
	running := httptest.NewUnstartedServer(handler)
	running.EnableHTTP2 = true
	running.StartTLS()
	t.Cleanup(func() {
		handler.Drain()
		running.Close()
		require.NoError(t, handler.Close())
	})
	require.NoError(t, handler.CreateDatabase(t.Context(), "db"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, running.URL+"/db/_changes?feed=continuous&heartbeat=200&timeout=1000", nil)
	require.NoError(t, err)
	response, err := running.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, 2, response.ProtoMajor)
	body := bufio.NewReader(response.Body)
	for range 3 {
		line, err := body.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "\n", line)
	}
}
