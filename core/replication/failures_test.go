package replication_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// picky refuses single documents, and whole writes above a number of bytes as a proxy does.
type picky struct {
	core.Adapter
	refuse   func(doc *core.Document) *core.Error
	maxBytes int
	writes   []int // documents in each write, local ones not counted
}

func (p *picky) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if !options.Replicated {
		return p.Adapter.BulkDocs(ctx, docs, options)
	}
	p.writes = append(p.writes, len(docs))
	bytes := 0
	results := make([]core.BulkResult, len(docs))
	var taken []*core.Document
	for i, doc := range docs {
		bytes += len(doc.AppendJSON(nil))
		if p.refuse != nil {
			results[i].Err = p.refuse(doc)
		}
		if results[i].Err == nil {
			taken = append(taken, doc)
		}
	}
	if p.maxBytes > 0 && bytes > p.maxBytes {
		return nil, core.ErrTooLarge.Because("the proxy says no")
	}
	_, err := p.Adapter.BulkDocs(ctx, taken, options)
	return results, err
}

func TestDeniedDocumentsAreReportedAndPassed(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*core.Error{core.ErrForbidden, core.ErrUnauthorized} {
		source, target := open(t), open(t)
		fill(t, source, 0, 10)
		choosy := &picky{Adapter: target, refuse: func(doc *core.Document) *core.Error {
			if doc.ID == docID(4) {
				return refusal.Because("no fours")
			}
			return nil
		}}
		var denied []string
		result := replicate(t, source, choosy, replication.Options{OnEvent: func(event replication.Event) {
			if event.Type == replication.EventDenied {
				denied = append(denied, event.Err.ID)
			}
		}})
		assert.Equal(t, []string{docID(4)}, denied)
		assert.Equal(t, 9, result.DocsWritten)
		assert.Equal(t, 1, result.DocWriteFailures)
		assert.Equal(t, 1, result.Denied)
		require.Len(t, result.Errors, 1)
		assert.ErrorIs(t, result.Errors[0], refusal)
		assert.Equal(t, core.Seq("10"), result.LastSeq)
		assert.Zero(t, replicate(t, source, choosy, replication.Options{}).MissingChecked, "it was refused, so it is not tried again")
	}
}

// A document that does not get through for another reason holds the checkpoint back, but not other documents.
func requireHeldBack(t *testing.T, source, target core.Adapter, docs int, lastSeq core.Seq, cause error) {
	t.Helper()
	for range 2 { // the second run does not forget it either
		var failed []string
		result, err := replication.Run(t.Context(), source, target, replication.Options{
			BatchSize: 4, Clock: &clock{}, OnEvent: func(event replication.Event) {
				if event.Type == replication.EventFailed {
					failed = append(failed, event.Err.ID)
				}
			},
		})
		require.ErrorIs(t, err, replication.ErrIncomplete)
		require.ErrorIs(t, err, cause)
		assert.False(t, result.OK)
		assert.NotEmpty(t, failed)
		assert.Equal(t, len(failed), result.DocWriteFailures+result.DocReadFailures)
		assert.Equal(t, lastSeq, result.LastSeq)
		assert.Len(t, leaves(t, target), docs)
		for _, side := range []core.Adapter{source, target} {
			assert.Contains(t, string(checkpointOf(t, side, result).Body), `"source_last_seq":`+string(lastSeq)+`,`)
		}
	}
}

func TestTooLargeDocument(t *testing.T) {
	t.Parallel()
	source, target := open(t), openWith(t, docstore.Options{MaxDocumentSize: 1000})
	fill(t, source, 0, 6)
	put(t, source, "large", `{"text":"`+strings.Repeat("x", 2000)+`"}`)
	fill(t, source, 6, 20)
	requireHeldBack(t, source, target, 20, "6", core.ErrTooLarge)

	put(t, source, "large", `{"text":"shorter now"}`)
	result := replicate(t, source, target, replication.Options{})
	assert.Equal(t, core.Seq("6"), result.StartSeq)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestDocumentThatTheTargetDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 20)
	script := faultadapter.Script{Decide: func(_ faultadapter.Call, arguments any) faultadapter.Fault {
		docs, _ := arguments.([]*core.Document)
		for _, doc := range docs {
			if doc.ID == docID(9) {
				return faultadapter.Fault{Before: core.ErrDocValidation.Because("Bad special document member: _new")}
			}
		}
		return faultadapter.Fault{}
	}}
	requireHeldBack(t, source, script.Wrap("target", target), 19, "9", core.ErrDocValidation)
}

// altered answers a bulk get with changed documents.
type altered struct {
	core.Adapter
	change func(answer *core.BulkGetDoc)
}

func (a altered) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	results, err := a.Adapter.BulkGet(ctx, requests, options)
	for i := range results {
		for k := range results[i].Docs {
			answer := &results[i].Docs[k]
			if answer.Doc != nil {
				doc := *answer.Doc
				answer.Doc = &doc
				a.change(answer)
			}
		}
	}
	return results, err
}

func TestAttachmentsThatTheTargetRefuses(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 20)
	withAttachment := altered{source, func(answer *core.BulkGetDoc) {
		if answer.Doc.ID == docID(2) {
			answer.Doc.Attachments = []core.Attachment{{Name: "a.txt", Data: []byte("hello")}}
		}
	}}
	noStubs := &picky{Adapter: target, refuse: func(doc *core.Document) *core.Error {
		if doc.Attachments != nil {
			return core.NewError(412, "missing_stub", "")
		}
		return nil
	}}
	requireHeldBack(t, withAttachment, noStubs, 19, "2", core.NewError(412, "missing_stub", ""))
}

func TestDocumentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, damage := range []*core.Error{core.ErrCorrupt, core.ErrInternal, core.ErrMissing, core.ErrForbidden} {
		source, target := open(t), open(t)
		fill(t, source, 0, 20)
		damaged := altered{source, func(answer *core.BulkGetDoc) {
			if answer.Doc.ID == docID(9) {
				answer.Err, answer.Doc = damage, nil
			}
		}}
		requireHeldBack(t, damaged, target, 19, "9", damage)
	}
}

// What the feed told of is gone when it is fetched: something happened in between.
func TestRevisionsThatVanish(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, happen := range map[string]func(t *testing.T, source *docstore.DB, rev core.Rev){
		"updated": func(t *testing.T, source *docstore.DB, _ core.Rev) { put(t, source, docID(5), `{"new":true}`) },
		"updated so often that the ancestor is forgotten": func(t *testing.T, source *docstore.DB, _ core.Rev) {
			require.NoError(t, source.SetRevsLimit(ctx, 1))
			put(t, source, docID(5), `{"new":1}`)
			put(t, source, docID(5), `{"new":2}`)
			require.NoError(t, source.Compact(ctx))
		},
		"deleted": func(t *testing.T, source *docstore.DB, _ core.Rev) { remove(t, source, docID(5), `{}`) },
		"purged": func(t *testing.T, source *docstore.DB, rev core.Rev) {
			_, err := source.Purge(ctx, []core.DocRevs{{ID: docID(5), Revs: []core.Rev{rev}}})
			require.NoError(t, err)
		},
		"purged and written anew": func(t *testing.T, source *docstore.DB, rev core.Rev) {
			_, err := source.Purge(ctx, []core.DocRevs{{ID: docID(5), Revs: []core.Rev{rev}}})
			require.NoError(t, err)
			put(t, source, docID(5), `{"another":"life"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := open(t), open(t)
			fill(t, source, 0, 10)
			doc, err := source.Get(ctx, docID(5), core.GetOptions{})
			require.NoError(t, err)
			script := faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
				if call.Method == "BulkGet" && call.N == 1 {
					happen(t, source, doc.Rev)
				}
				return faultadapter.Fault{}
			}}
			replicate(t, script.Wrap("source", source), target, replication.Options{})
			assert.Equal(t, leaves(t, source), leaves(t, target), "what came in their place has come already")
			replicate(t, source, target, replication.Options{})
			assert.Equal(t, leaves(t, source), leaves(t, target))
		})
	}
}

func TestBranchThatVanishes(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	put(t, source, "doc", `{"branch":1}`)
	other := graft(t, source, "doc", core.Rev{}, "other", `{"branch":2}`, false)
	script := faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Method == "BulkGet" && call.N == 1 {
			_, err := source.Purge(context.Background(), []core.DocRevs{{ID: "doc", Revs: []core.Rev{other}}})
			require.NoError(t, err)
		}
		return faultadapter.Fault{}
	}}
	result := replicate(t, script.Wrap("source", source), target, replication.Options{})
	assert.Equal(t, 1, result.DocsRead, "the branch that is left came once, though it was looked at twice")
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestDocumentThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, failure := range []*core.Error{core.ErrInternal, core.ErrConflict, core.NewError(429, "too_many_requests", "")} {
		source, target := open(t), open(t)
		fill(t, source, 0, 20)
		refusals := 0
		broken := &picky{Adapter: target, refuse: func(doc *core.Document) *core.Error {
			if doc.ID != docID(13) {
				return nil
			}
			if refusals++; refusals%50 == 0 { // pacing goes on for as long as it is asked for, so it must become something else
				return core.ErrConflict
			}
			return failure
		}}
		if failure.Status == 429 {
			requireHeldBack(t, source, broken, 19, "13", core.ErrConflict)
		} else {
			requireHeldBack(t, source, broken, 19, "13", failure)
		}
	}
}

func TestWhatWasWrittenBeforeAnErrorCounts(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	put(t, source, "_design/a", `{}`)
	script := faultadapter.FailOnce(faultadapter.Call{Side: "target", Method: "BulkDocs", N: 3}, faultadapter.Fault{Before: core.ErrStorageFull})
	result, err := replication.Run(t.Context(), source, script.Wrap("target", target), replication.Options{})
	assert.ErrorIs(t, err, core.ErrStorageFull)
	assert.Equal(t, 10, result.DocsWritten)
	assert.Empty(t, result.LastSeq)
}

func TestWritesShrinkToWhatTheTargetTakes(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	for i := range 64 {
		put(t, source, docID(i), `{"text":"`+strings.Repeat("x", 1000)+`"}`)
	}
	proxied := &picky{Adapter: target, maxBytes: 10_000}
	result := replicate(t, source, proxied, replication.Options{})
	assert.Equal(t, 64, result.DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
	assert.Equal(t, []int{64, 32, 16}, proxied.writes[:3])
	for _, docs := range proxied.writes[3:] {
		assert.LessOrEqual(t, docs, 8, "having learned, it does not try large writes again: %v", proxied.writes)
	}
}

func TestQuestionsShrinkToWhatThePeersTake(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 100)
	fill(t, target, 0, 1) // not empty, so that it is asked
	small := faultadapter.Script{Decide: func(_ faultadapter.Call, arguments any) faultadapter.Fault {
		diff, _ := arguments.([]core.DocRevs)
		get, _ := arguments.([]core.DocRev)
		if len(diff) > 30 || len(get) > 20 {
			return faultadapter.Fault{Before: core.ErrTooLarge}
		}
		return faultadapter.Fault{}
	}}
	result := replicate(t, small.Wrap("source", source), small.Wrap("target", target), replication.Options{})
	assert.Equal(t, 99, result.DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestWritesAreBoundedByBytes(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	for i := range 40 {
		put(t, source, docID(i), `{"text":"`+strings.Repeat("x", 900)+`"}`)
	}
	watched := &picky{Adapter: target}
	replicate(t, source, watched, replication.Options{BatchBytes: 10_000})
	assert.Equal(t, leaves(t, source), leaves(t, target))
	for _, docs := range watched.writes {
		assert.LessOrEqual(t, docs, 10)
	}
}

func TestDesignDocumentsAreWrittenAlone(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	put(t, source, "_design/a", `{}`)
	put(t, source, "_design/b", `{}`)
	// Where only administrators may write design documents, the whole request that holds one is refused.
	script := faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
		docs, _ := arguments.([]*core.Document)
		for _, doc := range docs {
			if core.IsDesignID(doc.ID) {
				return faultadapter.Fault{Before: core.ErrForbidden}
			}
		}
		return faultadapter.Fault{}
	}}
	result := replicate(t, source, script.Wrap("target", target), replication.Options{})
	assert.Equal(t, 10, result.DocsWritten)
	assert.Equal(t, 2, result.Denied)
	require.Len(t, result.Errors, 2)
	assert.ElementsMatch(t, []string{"_design/a", "_design/b"}, []string{result.Errors[0].ID, result.Errors[1].ID})

	// The same answer to everything else is not about a document.
	script.Decide = func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Method == "BulkDocs" {
			return faultadapter.Fault{Before: core.ErrForbidden}
		}
		return faultadapter.Fault{}
	}
	result, err := replication.Run(t.Context(), source, script.Wrap("target", open(t)), replication.Options{})
	assert.ErrorIs(t, err, core.ErrForbidden)
	assert.Zero(t, result.DocsWritten)
	assert.Empty(t, result.LastSeq)
}

func TestSingleDocumentsAreTriedAgain(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	times := 2
	flaky := &picky{Adapter: target, refuse: func(doc *core.Document) *core.Error {
		if doc.ID == docID(4) && times > 0 {
			times--
			return core.ErrInternal
		}
		return nil
	}}
	clock := &clock{}
	result := replicate(t, source, flaky, replication.Options{Clock: clock})
	assert.Equal(t, 10, result.DocsWritten)
	assert.Equal(t, []int{10, 1, 1}, flaky.writes)
	assert.Len(t, clock.sleeps, 2)
}

func TestWrongPasswordIsNotRepeated(t *testing.T) {
	t.Parallel()
	script := faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Method == "Get" {
			return faultadapter.Fault{Before: core.ErrUnauthorized}
		}
		return faultadapter.Fault{}
	}}
	clock := &clock{}
	_, err := replication.Run(t.Context(), open(t), script.Wrap("target", open(t)), replication.Options{Clock: clock})
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	assert.Empty(t, clock.sleeps)
	assert.Equal(t, "target.Get 1, target.Identity 1", tally(&script))
}

func TestRetriesAreReported(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 3)
	script := faultadapter.FailOnce(faultadapter.Call{Side: "source", Method: "Changes", N: 1}, faultadapter.Fault{Midway: core.ErrUnreachable})
	var delays []time.Duration
	result := replicate(t, script.Wrap("source", source), target, replication.Options{
		BatchSize: 4,
		Random:    func() uint64 { return 0 },
		OnEvent: func(event replication.Event) {
			if event.Type == replication.EventRetry {
				assert.ErrorIs(t, event.Err, core.ErrUnreachable)
				delays = append(delays, event.Delay)
			}
		},
	})
	assert.Equal(t, 3, result.MissingChecked)
	assert.Len(t, script.Calls(), 9, "rows of the broken reading do not fill the page: %v", script.Calls())
	assert.Equal(t, []time.Duration{250 * time.Millisecond}, delays)
}

func TestManyErrorsAreCountedAndKeptInPart(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 300)
	result := replicate(t, source, &picky{Adapter: target, refuse: func(*core.Document) *core.Error { return core.ErrForbidden }}, replication.Options{BatchSize: 40})
	assert.Equal(t, 300, result.Denied)
	assert.Len(t, result.Errors, 100)
}

func TestFeedThatDoesNotAdvance(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 5)
	_, err := replication.Run(t.Context(), stuck{source}, target, replication.Options{BatchSize: 2})
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
}

// stuck always answers with the first page.
type stuck struct{ core.Adapter }

func (s stuck) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	options.Since = ""
	return s.Adapter.Changes(ctx, options, each)
}

func TestProgressOfEvents(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	var text []string
	replicate(t, source, target, replication.Options{BatchSize: 4, BatchesLimit: 1, OnEvent: func(event replication.Event) {
		text = append(text, string(event.Type)+" "+strconv.Itoa(len(event.Docs))+" of "+strconv.Itoa(event.Result.DocsWritten)+" at "+string(event.Result.LastSeq))
	}})
	assert.Equal(t, []string{"change 4 of 4 at ", "change 4 of 8 at 4", "change 2 of 10 at 8", "checkpoint 0 of 10 at 10"}, text)
}
