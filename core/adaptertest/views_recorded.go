package adaptertest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// viewCase is one query to CouchDB with its answer.
type viewCase struct {
	N           int
	Ddoc, View  string
	Params      json.RawMessage
	Body        json.RawMessage
	Queries     bool
	Status      int
	Resp        json.RawMessage
	AfterUpdate bool `json:"after_update"`
}

type recordedViews struct {
	Docs       []json.RawMessage
	DesignDocs []json.RawMessage `json:"design_docs"`
	Writes     []struct {
		Replicated json.RawMessage
		Deleted    string
		Updated    string
		Doc        json.RawMessage
		Put        json.RawMessage
		PutDesign  string `json:"put_design"`
		Later      string
	}
	Cases []viewCase
}

// viewsNotFollowed names the recorded answers that are deliberately not given.
var viewsNotFollowed = map[int]string{
	156: "there is no require: design documents cannot be made of modules",
	158: "as 156",
	228: "CouchDB answers 500 when objects are added to other values; here the value is the error that it has for other unsuitable values",
	230: "as 228",
	237: "as 228",
	238: "the result depends on the shape of CouchDB's tree",
	239: "CouchDB's reduces a single value once more: as 238",
	246: "reduced values may be as long as they like",
	247: "as 239",
	265: "an integer cannot be read from a text: the server's",
	266: "as 265",
	270: "the server's",
	271: "the server asks several queries one after the other",
}

// RunRecordedViews asks a database, whose adapter is a core.Viewer, everything that CouchDB was asked. It is opened with scripts that are made of those given, which run
// JavaScript.
func RunRecordedViews(t *testing.T, scripts core.Scripts, open func(t *testing.T, scripts core.Scripts) core.Adapter) {
	var recorded recordedViews
	golden.Load(t, "views.json", &recorded)
	db := open(t, readersOrder{scripts})
	recorded.replay(t, db)
	checkDatabase(t, db)
}

func (recorded *recordedViews) replay(t *testing.T, db core.Adapter) {
	ctx := t.Context()
	viewer := db.(core.Viewer)
	put := func(text []byte, options core.BulkDocsOptions) {
		t.Helper()
		doc, err := core.ParseDocument(text)
		require.NoError(t, err)
		results, err := db.BulkDocs(ctx, []*core.Document{doc}, options)
		require.NoError(t, err)
		require.Nil(t, results[0].Err)
	}
	remove := func(docID string) {
		doc, err := db.Get(ctx, docID, core.GetOptions{})
		require.NoError(t, err)
		_, err = core.Delete(ctx, db, docID, doc.Rev)
		require.NoError(t, err)
	}
	for _, doc := range recorded.Docs {
		put(doc, core.BulkDocsOptions{})
	}
	checked := 0
	check := func(afterUpdate bool) {
		for i := range recorded.Cases {
			c := &recorded.Cases[i]
			if _, deviates := viewsNotFollowed[c.N]; !deviates && c.AfterUpdate == afterUpdate {
				checked++
				compareView(t, viewer, c)
			}
		}
	}
	for _, write := range recorded.Writes {
		switch {
		case write.Replicated != nil:
			put(write.Replicated, core.BulkDocsOptions{Replicated: true})
		case write.Deleted != "":
			remove(write.Deleted)
		case write.Updated != "":
			put(write.Doc, core.BulkDocsOptions{})
		case write.Put != nil:
			put(write.Put, core.BulkDocsOptions{})
		case write.PutDesign != "":
			for _, text := range recorded.DesignDocs {
				if strings.Contains(string(text), `"_design/`+write.PutDesign+`"`) {
					put(text, core.BulkDocsOptions{})
				}
			}
		case write.Later != "":
			check(false)
		}
	}
	check(true)
	assert.GreaterOrEqual(t, checked, 300, "cases compared")
}

// viewOptions translates the members of a query.
func viewOptions(t *testing.T, c *viewCase) core.ViewOptions {
	var options core.ViewOptions
	isQuery := true
	for _, text := range []json.RawMessage{c.Params, c.Body} {
		if text == nil {
			isQuery = false
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		_, err := decoder.Token()
		require.NoError(t, err)
		for decoder.More() {
			name, err := decoder.Token()
			require.NoError(t, err)
			var value json.RawMessage
			require.NoError(t, decoder.Decode(&value))
			setViewOption(t, &options, name.(string), value, isQuery)
		}
		isQuery = false
	}
	return options
}

func setViewOption(t *testing.T, options *core.ViewOptions, name string, value json.RawMessage, isQuery bool) {
	if strings.Contains(name, "key") && !strings.Contains(name, "doc") {
		value = asReadersOrder(value)
	}
	into := func(target any) { require.NoError(t, json.Unmarshal(value, target), "%s: %s", name, value) }
	switch name {
	case "key":
		options.StartKey, options.EndKey = value, value
	case "startkey", "start_key":
		options.StartKey = value
	case "endkey", "end_key":
		options.EndKey = value
	case "keys":
		var keys []json.RawMessage
		into(&keys)
		if len(keys) == 1 && isQuery {
			options.StartKey, options.EndKey = keys[0], keys[0]
			return
		}
		options.Keys = [][]byte{}
		for _, key := range keys {
			options.Keys = append(options.Keys, key)
		}
	case "startkey_docid", "start_key_doc_id":
		into(&options.StartKeyDocID)
	case "endkey_docid", "end_key_doc_id":
		into(&options.EndKeyDocID)
	case "inclusive_end":
		into(&options.ExclusiveEnd)
		options.ExclusiveEnd = !options.ExclusiveEnd
	case "descending":
		into(&options.Descending)
	case "skip":
		into(&options.Skip)
	case "limit":
		if into(&options.Limit); options.Limit == 0 {
			options.Limit = core.NoRows
		}
	case "reduce":
		reduce := strings.Contains(string(value), "true")
		options.Reduce = &reduce
	case "group":
		into(&options.Group)
	case "group_level":
		into(&options.GroupLevel)
	case "include_docs":
		into(&options.IncludeDocs)
	case "conflicts":
		into(&options.Conflicts)
	case "update_seq":
		into(&options.UpdateSeq)
	case "update":
		options.Update = map[string]core.ViewUpdate{`"true"`: core.UpdateBefore, `"false"`: core.UpdateNever, `"lazy"`: core.UpdateAfter}[string(value)]
	case "sorted", "stable":
	default:
		t.Fatalf("option %s is not known", name)
	}
}

// queryView asks a view as CouchDB was asked, and returns the answer in CouchDB's form.
func queryView(ctx context.Context, db core.Viewer, c *viewCase, options core.ViewOptions) (int, map[string]any) {
	rows := []any{}
	summary, err := db.View(ctx, c.Ddoc, c.View, options, func(row *core.ViewRow) error {
		shown := map[string]any{"key": decoded(asWritten(row.Key)), "value": decoded(row.Value)}
		if row.ID != "" {
			shown["id"] = row.ID
			if options.IncludeDocs {
				shown["doc"] = nil
				if row.Doc != nil {
					shown["doc"] = decoded(row.Doc.AppendJSON(nil))
				}
			}
		}
		rows = append(rows, shown)
		return nil
	})
	if err != nil {
		known := core.AsError(err)
		return known.Status, map[string]any{"error": known.Name, "reason": known.Reason}
	}
	answer := map[string]any{"rows": rows}
	if !summary.Reduced {
		answer["total_rows"], answer["offset"] = float64(summary.TotalRows), float64(summary.Offset)
	}
	return 200, answer
}

func decoded(text []byte) (value any) {
	if err := json.Unmarshal(text, &value); err != nil {
		return "not JSON: " + string(text)
	}
	return value
}

func compareView(t *testing.T, db core.Viewer, c *viewCase) {
	t.Helper()
	status, got := queryView(t.Context(), db, c, viewOptions(t, c))
	want := decoded(c.Resp).(map[string]any)
	delete(want, "ref") // of an error
	delete(want, "update_seq")
	hideRefs(want)
	hideRefs(got)
	if !assert.Equal(t, c.Status, status, "case %d: %s %v", c.N, c.Params, got) {
		return
	}
	assert.Equal(t, want, got, "case %d: %s %s %s", c.N, c.View, c.Params, c.Body)
}

// hideRefs does to members of this name what the recording did, which took those of documents for those of errors.
func hideRefs(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			hideRefs(element)
		}
	case map[string]any:
		for name, member := range value {
			if _, isText := member.(string); isText && name == "ref" {
				value[name] = "<ref>"
			}
			hideRefs(member)
		}
	}
}
