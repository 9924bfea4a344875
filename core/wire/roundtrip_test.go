package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// TestRoundTrips prints what it makes up, and reads it back.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for name, trip := range map[string]func(m *maker, valid func([]byte) []byte) (want, got any){
		"error": func(m *maker, valid func([]byte) []byte) (any, any) {
			failure := m.error("")
			return failure, ParseError(failure.Status, valid(AppendError(nil, failure)))
		},
		"bulk results": func(m *maker, valid func([]byte) []byte) (any, any) {
			results := some(m, func() core.BulkResult {
				if m.yes() {
					return core.BulkResult{ID: m.id(), Rev: m.rev()}
				}
				return core.BulkResult{ID: m.id(), Err: m.error("")}
			}, func(r *core.BulkResult) *string { return &r.ID })
			text := []byte{'['}
			for i := range results {
				if results[i].Err != nil {
					results[i].Err = results[i].Err.Of(results[i].ID)
				}
				if i > 0 {
					text = append(text, ',')
				}
				text = AppendBulkResult(text, &results[i])
			}
			got, err := ParseBulkResults(valid(append(text, ']')))
			require.NoError(m.t, err)
			return results, got
		},
		"open revs": func(m *maker, valid func([]byte) []byte) (any, any) {
			revs := []core.OpenRev{}
			for range m.IntN(4) {
				if m.yes() {
					revs = append(revs, core.OpenRev{Rev: m.rev()})
				} else {
					doc := m.doc()
					revs = append(revs, core.OpenRev{Rev: doc.Rev, Doc: doc})
				}
			}
			got, err := ParseOpenRevs(valid(AppendOpenRevs(nil, revs)))
			require.NoError(m.t, err)
			return revs, got
		},
		"bulk get": func(m *maker, valid func([]byte) []byte) (any, any) {
			result := core.BulkGetResult{ID: m.id()}
			for range 1 + m.IntN(3) {
				if m.yes() {
					doc := m.doc()
					result.Docs = append(result.Docs, core.BulkGetDoc{Rev: doc.Rev, Doc: doc})
				} else {
					result.Docs = append(result.Docs, core.BulkGetDoc{Rev: []core.Rev{{}, m.rev()}[m.IntN(2)], Err: m.error(result.ID)})
				}
			}
			text := valid(append(AppendBulkGetResult([]byte(`{"results":[`), &result), "]}"...))
			got, err := ParseBulkGetResults(text)
			require.NoError(m.t, err)
			clear(text) // what was read shares no memory with it
			return []core.BulkGetResult{result}, got
		},
		"all docs": func(m *maker, valid func([]byte) []byte) (any, any) {
			rows := []*core.AllDocsRow{}
			text := []byte(`{"rows":[`)
			for i := range m.IntN(4) {
				row := &core.AllDocsRow{Key: m.id()}
				switch m.IntN(4) {
				case 0:
					row.Missing = true
				case 1:
					row.Rev, row.Deleted = m.rev(), true
				default:
					row.Rev, row.Doc = m.rev(), m.doc()
				}
				if i > 0 {
					text = append(text, ',')
				}
				text = AppendAllDocsRow(text, row, true)
				rows = append(rows, row)
			}
			summary := core.AllDocsSummary{TotalRows: m.Uint64() >> 12, Offset: int64(m.IntN(9)) - 1}
			if m.yes() {
				summary.UpdateSeq = m.seq()
			}
			text = AppendAllDocsSummary(append(text, "],"...), summary)
			got := []*core.AllDocsRow{}
			gotSummary, err := ParseAllDocs(valid(append(text, '}')), func(row *core.AllDocsRow) error {
				got = append(got, row)
				return nil
			})
			require.NoError(m.t, err)
			assert.Equal(m.t, summary, gotSummary)
			return rows, got
		},
		"changes": func(m *maker, valid func([]byte) []byte) (any, any) {
			changes := []*core.Change{}
			text := []byte(`{"results":[`)
			for i := range m.IntN(4) {
				change := &core.Change{ID: m.id(), Revs: m.revs(1), Deleted: m.yes()}
				if m.yes() {
					change.Seq, change.Doc = m.seq(), m.doc()
				}
				if i > 0 {
					text = append(text, ',')
				}
				text = AppendChange(text, change, true)
				changes = append(changes, change)
			}
			summary := core.ChangesSummary{LastSeq: m.seq(), Pending: int64(m.IntN(100))}
			text = AppendChangesSummary(append(text, "],"...), summary)
			got := []*core.Change{}
			gotSummary, err := ParseChanges(valid(append(text, '}')), func(change *core.Change) error {
				got = append(got, change)
				return nil
			})
			require.NoError(m.t, err)
			assert.Equal(m.t, summary, gotSummary)
			return changes, got
		},
		"revs diff": func(m *maker, valid func([]byte) []byte) (any, any) {
			diffs := some(m, func() core.RevsDiff {
				diff := core.RevsDiff{ID: m.id(), Missing: m.revs(1)}
				if m.yes() {
					diff.PossibleAncestors = m.revs(1)
				}
				return diff
			}, func(d *core.RevsDiff) *string { return &d.ID })
			got, err := ParseRevsDiff(valid(AppendRevsDiff(nil, diffs)))
			require.NoError(m.t, err)
			return diffs, got
		},
		"purge": func(m *maker, valid func([]byte) []byte) (any, any) {
			result := core.PurgeResult{PurgeSeq: []core.Seq{"", m.seq()}[m.IntN(2)], Purged: docRevs(m)}
			got, err := ParsePurgeResult(valid(AppendPurgeResult(nil, result)))
			require.NoError(m.t, err)
			return result, got
		},
		"requests by id": func(m *maker, valid func([]byte) []byte) (any, any) {
			requests := docRevs(m)
			got, err := ParseDocRevs(valid(AppendDocRevs(nil, requests)))
			require.NoError(m.t, err)
			return requests, got
		},
		"bulk get request": func(m *maker, valid func([]byte) []byte) (any, any) {
			requests := some(m, func() core.DocRev { return core.DocRev{ID: m.id(), Rev: []core.Rev{{}, m.rev()}[m.IntN(2)]} }, func(r *core.DocRev) *string { return &r.ID })
			got, err := ParseBulkGetRequest(valid(AppendBulkGetRequest(nil, requests)))
			require.NoError(m.t, err)
			return requests, got
		},
		"bulk docs": func(m *maker, valid func([]byte) []byte) (any, any) {
			want := &BulkDocs{BulkDocsOptions: core.BulkDocsOptions{Replicated: m.yes()}}
			for range m.IntN(4) {
				want.Docs = append(want.Docs, m.doc())
			}
			got, err := ParseBulkDocs(valid(AppendBulkDocs(nil, want.Docs, want.BulkDocsOptions)))
			require.NoError(m.t, err)
			return want, got
		},
		"view": func(m *maker, valid func([]byte) []byte) (any, any) {
			summary := core.ViewSummary{Reduced: m.yes()}
			rows, got := []*core.ViewRow{}, []*core.ViewRow{}
			text := []byte(`{"rows":[`)
			for i := range m.IntN(4) {
				row := &core.ViewRow{Key: m.Object(), Value: m.Object()}
				if !summary.Reduced {
					row.ID = m.id()
					if m.yes() {
						row.Doc = m.doc()
					}
				}
				if i > 0 {
					text = append(text, ',')
				}
				text = AppendViewRow(text, row, true)
				rows = append(rows, row)
			}
			if !summary.Reduced {
				summary.TotalRows, summary.Offset = m.Uint64()>>12, int64(m.IntN(9))
			}
			if summary.Reduced || m.yes() {
				summary.UpdateSeq = m.seq()
			}
			text = append(AppendViewSummary(append(text, "],"...), summary), '}')
			for element := range rawjson.Elements(rawjson.Member(valid(text), "rows")) {
				row, err := ParseViewRow(element)
				require.NoError(m.t, err)
				got = append(got, row)
			}
			gotSummary, err := ParseViewSummary(text)
			require.NoError(m.t, err)
			assert.Equal(m.t, summary, gotSummary)
			return rows, got
		},
		"find summary": func(m *maker, valid func([]byte) []byte) (any, any) {
			summary := core.FindSummary{Bookmark: m.text(), Warning: m.text()}
			if m.yes() {
				summary.Stats = &core.ExecutionStats{KeysExamined: m.IntN(9), DocsExamined: m.IntN(9), ResultsReturned: m.IntN(9), Time: time.Duration(m.IntN(9)) * time.Millisecond}
			}
			text := AppendFindSummary([]byte(`{"docs":[],`), summary)
			got, err := ParseFindSummary(valid(append(text, '}')))
			require.NoError(m.t, err)
			return summary, got
		},
		"created index": func(m *maker, valid func([]byte) []byte) (any, any) {
			created := core.CreatedIndex{ID: m.id(), Name: m.text(), Existed: m.yes()}
			got, err := ParseCreatedIndex(valid(AppendCreatedIndex(nil, created)))
			require.NoError(m.t, err)
			return created, got
		},
		"indexes": func(m *maker, valid func([]byte) []byte) (any, any) {
			indexes := some(m, func() core.IndexDescription {
				index := core.IndexDescription{Type: "special", Definition: m.Object()}
				if m.yes() {
					index.DesignDoc, index.Type, index.Partitioned = m.id(), "json", m.yes()
				}
				return index
			}, func(i *core.IndexDescription) *string { return &i.Name })
			got, err := ParseIndexes(valid(AppendIndexes(nil, indexes, len(indexes))))
			require.NoError(m.t, err)
			return indexes, got
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := seeds.For(t)
			for i := range uint64(300) {
				m := newMaker(t, seed+i)
				var printed string
				valid := func(text []byte) []byte {
					printed = string(text)
					require.NoError(t, rawjson.Validate(text), "seed %d: %s", seed+i, text)
					return text
				}
				want, got := trip(m, valid)
				require.Equal(t, want, got, "seed %d: %s", seed+i, printed)
			}
		})
	}
}

func docRevs(m *maker) []core.DocRevs {
	return some(m, func() core.DocRevs { return core.DocRevs{ID: m.id(), Revs: m.revs(0)} }, func(r *core.DocRevs) *string { return &r.ID })
}

func TestParsedSharesNoMemory(t *testing.T) {
	t.Parallel()
	text := []byte(`{"results":[{"seq":[7,"x"],"id":"a\u0062","changes":[{"rev":"1-abc"}],"doc":{"_id":"ab","_rev":"1-abc","v":[1,2],"_attachments":{"f":{"stub":true}},"_local_seq":9}}],"last_seq":12}`)
	var change *core.Change
	summary, err := ParseChanges(text, func(c *core.Change) error { change = c; return nil })
	require.NoError(t, err)
	for i := range text {
		text[i] = 'X'
	}
	assert.Equal(t, core.ChangesSummary{LastSeq: "12"}, summary)
	assert.Equal(t, &core.Change{Seq: `[7,"x"]`, ID: "ab", Revs: []core.Rev{{Generation: 1, Hash: "abc"}}, Doc: &core.Document{ID: "ab", Rev: core.Rev{Generation: 1, Hash: "abc"},
		Body: []byte(`{"v":[1,2]}`), Attachments: []core.Attachment{{Name: "f", Stub: true}}, LocalSeq: "9"}}, change)
}
