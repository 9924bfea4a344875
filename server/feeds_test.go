package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

func TestDrainEndsFeeds(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a", `{}`)
	longPoll := s.open(t, call{path: "/db/_changes?feed=longpoll&since=now"})
	continuous := s.open(t, call{path: "/db/_changes?feed=continuous&heartbeat=10000"})
	events := s.open(t, call{path: "/db/_changes?feed=eventsource&since=now"})
	s.Drain()
	for name, response := range map[string]*http.Response{"longpoll": longPoll, "continuous": continuous, "eventsource": events} {
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err, name)
		require.NoError(t, response.Body.Close())
		if name != "eventsource" {
			assert.Contains(t, string(text), `"last_seq":"1-`, name)
		}
	}
	response, _ := s.do(t, call{path: "/_up"})
	assert.Equal(t, http.StatusNotFound, response.StatusCode, "load balancers are told to go elsewhere")
	assert.Contains(t, s.ok(t, "GET", "/db/_changes?feed=longpoll&since=now", ""), `"last_seq"`, "feeds that come late end at once")
}

// When a database goes away in the middle of a feed, the client must not take what it got for all there is.
func TestDeletedDatabaseCutsFeeds(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	response := s.open(t, call{path: "/db/_changes?feed=continuous&heartbeat=10000"})
	defer func() { _ = response.Body.Close() }()
	s.ok(t, "DELETE", "/db", "")
	_, err := io.ReadAll(response.Body)
	require.Error(t, err)
	answer, _ := s.do(t, call{path: "/db"})
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
}

func TestSinceOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	rows := func(since string) int {
		return strings.Count(s.ok(t, "GET", "/db/_changes?since="+since, ""), `"id":`)
	}
	lastSeq := func() string {
		var seq string
		_, after, _ := strings.Cut(s.ok(t, "GET", "/db/_changes", ""), `"last_seq":"`)
		seq, _, _ = strings.Cut(after, `"`)
		return seq
	}
	s.ok(t, "PUT", "/db", "")
	for i := range 3 {
		s.ok(t, "PUT", fmt.Sprintf("/db/old%d", i), `{}`)
	}
	old := lastSeq()
	assert.Zero(t, rows(old))
	number, mark, _ := strings.Cut(old, "-")
	assert.Equal(t, "3", number)
	assert.Equal(t, 3, rows("9-"+mark), "a sequence that this database has not reached is from before it was restored")
	assert.Equal(t, 1, rows("2"), "plain numbers are sequences")

	s.ok(t, "DELETE", "/db", "")
	s.ok(t, "PUT", "/db", "")
	for i := range 5 {
		s.ok(t, "PUT", fmt.Sprintf("/db/new%d", i), `{}`)
	}
	assert.Equal(t, 5, rows(old), "a sequence of the deleted database begins at the beginning")
	assert.Zero(t, rows(lastSeq()))
}

func TestEventSourceResumes(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	for i := range 3 {
		s.ok(t, "PUT", fmt.Sprintf("/db/d%d", i), `{}`)
	}
	first := s.ok(t, "GET", "/db/_changes?feed=eventsource&limit=2", "")
	ids := regexpLines(first, "id: ")
	require.Len(t, ids, 2)
	response, text := s.do(t, call{path: "/db/_changes?feed=eventsource&limit=1", header: map[string]string{"Last-Event-ID": ids[1]}})
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, text, `"id":"d2"`, "the id is sent back as it came, quotes and all")
}

func regexpLines(text, prefix string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok {
			found = append(found, value)
		}
	}
	return found
}

// The _design filter leaves rows out here, not in the database: limits and what is pending must come out right nevertheless.
func TestDesignFilter(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	for i := range 4 {
		s.ok(t, "PUT", fmt.Sprintf("/db/plain%d", i), `{}`)
		s.ok(t, "PUT", fmt.Sprintf("/db/_design/d%d", i), `{}`)
	}
	text := s.ok(t, "GET", "/db/_changes?filter=_design&limit=2", "")
	assert.Equal(t, []string{`_design/d0`, `_design/d1`}, idsOf(text))
	assert.Contains(t, text, `"last_seq":"4-`)
	_, after, _ := strings.Cut(text, `"last_seq":"`)
	since, _, _ := strings.Cut(after, `"`)
	assert.Equal(t, []string{`_design/d2`, `_design/d3`}, idsOf(s.ok(t, "GET", "/db/_changes?filter=_design&since="+since, "")))

	feed := s.open(t, call{path: "/db/_changes?filter=_design&feed=longpoll&since=now&heartbeat=10000"})
	defer func() { _ = feed.Body.Close() }()
	s.ok(t, "PUT", "/db/noise", `{}`)
	s.ok(t, "PUT", "/db/_design/signal", `{}`)
	answer, err := io.ReadAll(feed.Body)
	require.NoError(t, err)
	assert.Equal(t, []string{`_design/signal`}, idsOf(string(answer)))
}

func idsOf(text string) []string {
	var ids []string
	for {
		_, after, found := strings.Cut(text, `"id":"`)
		if !found {
			return ids
		}
		id, rest, _ := strings.Cut(after, `"`)
		ids, text = append(ids, id), rest
	}
}

// Many feeds on one database all get every change, in order.
func TestManyFeeds(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	var feeds []*http.Response
	for range 10 {
		feeds = append(feeds, s.open(t, call{path: "/db/_changes?feed=continuous&since=now&heartbeat=10000&limit=20"}))
	}
	for i := range 20 {
		s.ok(t, "PUT", fmt.Sprintf("/db/d%02d", i), `{}`)
	}
	for _, feed := range feeds {
		scanner := bufio.NewScanner(feed.Body)
		next := 0
		for scanner.Scan() {
			if strings.Contains(scanner.Text(), `"id"`) {
				assert.Contains(t, scanner.Text(), fmt.Sprintf(`"id":"d%02d"`, next))
				next++
			}
		}
		require.NoError(t, scanner.Err())
		assert.Equal(t, 20, next)
		require.NoError(t, feed.Body.Close())
	}
}
