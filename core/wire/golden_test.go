package wire

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// TestRecordedAnswers reads every answer of a known shape that CouchDB was recorded giving, prints it again, and compares.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	read := map[string]int{}
	for _, file := range []string{"http.json", "alldocs_changes.json", "newedits.json"} {
		var recorded struct {
			Cases []struct {
				Method, Path string
				Req          json.RawMessage
				Status       int
				Resp         json.RawMessage
			}
		}
		golden.Load(t, file, &recorded)
		for _, one := range recorded.Cases {
			path, query, _ := strings.Cut(one.Path, "?")
			endpoint, ok := strings.CutPrefix(path, "/{db}")
			if !ok || len(one.Resp) == 0 || string(one.Resp) == "null" || one.Method == "HEAD" || (one.Status >= 300 && one.Status < 400) {
				continue
			}
			if (one.Status >= 400 && one.Resp[0] == '[') || strings.Contains(string(one.Req), `"fields"`) || strings.Contains(string(one.Resp), `{"key":null,"error"`) {
				// Failures told in rows (all_or_nothing, and an inner error of CouchDB's), parts of documents, and keys that are not strings: GouchDB asks for none of them.
				continue
			}
			options, err := url.ParseQuery(query)
			if err != nil {
				continue
			}
			shape := shapeOf(one.Method, endpoint, options)
			if one.Status >= 400 {
				shape = "error"
			}
			reprint := reprints[shape]
			if reprint == nil {
				continue
			}
			again, err := reprint(one.Status, one.Resp, strings.Contains(string(one.Resp), `"doc":`))
			if !assert.NoError(t, err, "%s %s: %s", one.Method, one.Path, one.Resp) {
				continue
			}
			assert.JSONEq(t, comparable(t, one.Resp), comparable(t, again), "%s %s", one.Method, one.Path)
			read[shape]++
		}
	}
	for shape := range reprints {
		assert.Greater(t, read[shape], 5, "hardly any answer of the shape %s was found", shape)
	}
}

func shapeOf(method, endpoint string, options url.Values) string {
	switch {
	case endpoint == "" && method == "GET":
		return "info"
	case endpoint == "/_all_docs":
		return "all docs"
	case endpoint == "/_changes" && (options.Get("feed") == "" || options.Get("feed") == "normal" || options.Get("feed") == "longpoll"):
		return "changes"
	case endpoint == "/_bulk_get":
		return "bulk get"
	case endpoint == "/_bulk_docs" && method == "POST":
		return "bulk docs"
	case endpoint == "/_purge":
		return "purge"
	case options.Has("open_revs"):
		return "open revs"
	case endpoint == "/_revs_diff":
		return "revs diff"
	}
	return ""
}

var reprints = map[string]func(status int, text []byte, includeDocs bool) ([]byte, error){
	"error": func(status int, text []byte, _ bool) ([]byte, error) {
		failure := ParseError(status, text)
		if failure == core.ErrNotCouchDB {
			return nil, failure
		}
		return AppendError(nil, failure), nil
	},
	"info": func(_ int, text []byte, _ bool) ([]byte, error) {
		info, err := ParseInfo(text)
		if err != nil {
			return nil, err
		}
		var was map[string]json.RawMessage
		if err := json.Unmarshal(text, &was); err != nil {
			return nil, err
		}
		for name, value := range map[string]any{"db_name": info.Name, "doc_count": info.DocCount, "doc_del_count": info.DocDelCount, "update_seq": info.UpdateSeq,
			"purge_seq": info.PurgeSeq, "instance_start_time": info.InstanceStartTime} {
			if was[name], err = json.Marshal(value); err != nil {
				return nil, err
			}
		}
		return json.Marshal(was)
	},
	"all docs": func(_ int, text []byte, includeDocs bool) ([]byte, error) {
		again := []byte(`{"rows":[`)
		summary, err := ParseAllDocs(text, func(row *core.AllDocsRow) error {
			if again[len(again)-1] != '[' {
				again = append(again, ',')
			}
			again = AppendAllDocsRow(again, row, includeDocs)
			return nil
		})
		return append(AppendAllDocsSummary(append(again, "],"...), summary), '}'), err
	},
	"changes": func(_ int, text []byte, includeDocs bool) ([]byte, error) {
		again := []byte(`{"results":[`)
		summary, err := ParseChanges(text, func(change *core.Change) error {
			if again[len(again)-1] != '[' {
				again = append(again, ',')
			}
			again = AppendChange(again, change, includeDocs)
			return nil
		})
		return append(AppendChangesSummary(append(again, "],"...), summary), '}'), err
	},
	"bulk get": func(_ int, text []byte, _ bool) ([]byte, error) {
		results, err := ParseBulkGetResults(text)
		again := []byte(`{"results":[`)
		for i := range results {
			if i > 0 {
				again = append(again, ',')
			}
			again = AppendBulkGetResult(again, &results[i])
		}
		return append(again, "]}"...), err
	},
	"bulk docs": func(_ int, text []byte, _ bool) ([]byte, error) {
		results, err := ParseBulkResults(text)
		again := []byte{'['}
		for i := range results {
			if i > 0 {
				again = append(again, ',')
			}
			again = AppendBulkResult(again, &results[i])
		}
		return append(again, ']'), err
	},
	"open revs": func(_ int, text []byte, _ bool) ([]byte, error) {
		revs, err := ParseOpenRevs(text)
		return AppendOpenRevs(nil, revs), err
	},
	"revs diff": func(_ int, text []byte, _ bool) ([]byte, error) {
		diffs, err := ParseRevsDiff(text)
		return AppendRevsDiff(nil, diffs), err
	},
	"purge": func(_ int, text []byte, _ bool) ([]byte, error) {
		result, err := ParsePurgeResult(text)
		return AppendPurgeResult(nil, result), err
	},
}

// comparable takes out what CouchDB says and GouchDB leaves out: references to its log, and what stands in the place of a revision that is none. A reason that is not text
// is compared as what it says.
func comparable(t *testing.T, text []byte) string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(text, &value))
	text, err := json.Marshal(without(value))
	require.NoError(t, err)
	return string(text)
}

func without(value any) any {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "ref")
		if reason, ok := value["reason"]; ok {
			if text, ok := reason.(string); !ok {
				value["reason"] = fmt.Sprint(reason)
			} else if json.Valid([]byte(text)) {
				_ = json.Unmarshal([]byte(text), &reason)
				value["reason"] = fmt.Sprint(reason)
			}
		}
		if _, failed := value["error"]; failed {
			if rev, ok := value["rev"].(string); !ok || !strings.Contains(rev, "-") {
				delete(value, "rev")
			}
		}
		if id, ok := value["id"]; ok && id == nil {
			value["id"] = ""
		}
		for name := range value {
			value[name] = without(value[name])
		}
	case []any:
		for i := range value {
			value[i] = without(value[i])
		}
	}
	return value
}
