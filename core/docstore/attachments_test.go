package docstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

// keysBehind counts the keys of contents, chunks and marks.
func keysBehind(t *testing.T, store kv.Store) (contents, chunks, marks int) {
	t.Helper()
	require.NoError(t, store.View(t.Context(), func(s kv.Snapshot) error {
		for entry, err := range s.Scan(t.Context(), kv.Range{}) {
			require.NoError(t, err)
			switch entry.Key[0] {
			case 'a':
				contents++
			case 'c':
				chunks++
			case 't':
				marks++
			}
		}
		return nil
	}))
	return contents, chunks, marks
}

func requireSound(t *testing.T, db *docstore.DB) {
	t.Helper()
	report, err := db.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}

// TestContentsAreKeptExactlyAsLongAsNeeded edits, replicates, purges and compacts at random: every revision that can be read has the content that it was
// written with, and at the end, when all is gone, nothing stays behind.
func TestContentsAreKeptExactlyAsLongAsNeeded(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			store := memkv.New()
			db, err := docstore.Open(t.Context(), store, docstore.Options{AutoCompaction: seed%2 == 1})
			require.NoError(t, err)
			require.NoError(t, db.SetRevsLimit(t.Context(), 4))
			contents := [][]byte{{}, []byte("one"), bytes.Repeat([]byte("2"), 50_000), bytes.Repeat([]byte("3"), 100_000), bytes.Repeat([]byte("4"), 1_100_000)}
			written := map[core.DocRev]map[string][]byte{}
			last := map[string]core.Rev{}
			epoch := 0
			for range 100 {
				docID := "d" + strconv.Itoa(random.IntN(4)) + "-" + strconv.Itoa(epoch)
				doc := &core.Document{ID: docID, Rev: last[docID], Deleted: last[docID] != core.Rev{} && random.IntN(8) == 0, Body: core.EmptyBody}
				expected := map[string][]byte{}
				before := written[core.DocRev{ID: docID, Rev: last[docID]}]
				for _, name := range []string{"x", "y", "z"} {
					content := contents[random.IntN(len(contents))]
					switch random.IntN(4) {
					case 0:
						doc.Attachments = append(doc.Attachments, core.Attachment{Name: name, Data: content})
					case 1:
						doc.Attachments = append(doc.Attachments, core.Attachment{Name: name, Content: core.Bytes(content), Length: int64(len(content))})
					case 2:
						if content = before[name]; before[name] == nil {
							continue
						}
						doc.Attachments = append(doc.Attachments, core.Attachment{Name: name, Stub: true})
					default:
						continue
					}
					expected[name] = content
				}
				rev, err := core.Put(t.Context(), db, doc)
				require.NoError(t, err)
				written[core.DocRev{ID: docID, Rev: rev}] = expected
				last[docID] = rev
				if doc.Deleted {
					delete(last, docID)
				}
				switch random.IntN(20) {
				case 0:
					require.NoError(t, db.Compact(t.Context()))
				case 1:
					_, err := db.Purge(t.Context(), []core.DocRevs{{ID: docID, Revs: []core.Rev{rev}}})
					require.NoError(t, err)
					epoch++ // what is left of the documents stays as it is
				}
				requireSound(t, db)
			}
			read := 0
			for revision, expected := range written {
				doc, err := db.Get(t.Context(), revision.ID, core.GetOptions{Rev: revision.Rev, Attachments: true})
				if errors.Is(err, core.ErrMissing) {
					continue
				}
				require.NoError(t, err)
				require.Len(t, doc.Attachments, len(expected))
				for name, content := range expected {
					got, err := doc.Attachment(name).Read(t.Context())
					require.NoError(t, err)
					require.True(t, bytes.Equal(content, got), "%v %s", revision, name)
					read++
				}
			}
			require.Positive(t, read)
			for revision := range written {
				_, err := db.Purge(t.Context(), []core.DocRevs{{ID: revision.ID, Revs: []core.Rev{revision.Rev}}})
				require.NoError(t, err)
			}
			for range written { // leaves first, so that ancestors become leaves
				for revision := range written {
					_, err := db.Purge(t.Context(), []core.DocRevs{{ID: revision.ID, Revs: []core.Rev{revision.Rev}}})
					require.NoError(t, err)
				}
				if info, _ := db.Info(t.Context()); info.DocCount+info.DocDelCount == 0 {
					break
				}
			}
			requireSound(t, db)
			headers, chunks, marks := keysBehind(t, store)
			assert.Zero(t, headers+chunks+marks)
		})
	}
}

// cut is content that ends with an error.
type cut struct{}

func (cut) Open(context.Context, int64) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, 2_000_000)), failingReader{})), nil
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, core.ErrUnreachable }

func TestUnfinishedContentIsRemoved(t *testing.T) {
	t.Parallel()
	store := memkv.New()
	db := openStore(t, store)
	_, err := db.PutAttachment(t.Context(), "a", core.Rev{}, core.Attachment{Name: "x", Content: cut{}})
	require.ErrorIs(t, err, core.ErrUnreachable)
	contents, chunks, marks := keysBehind(t, store)
	require.Zero(t, contents+chunks+marks, "at once")

	// What a crash leaves behind: a mark and chunks.
	tamper(t, store, func(tx kv.Tx) {
		tx.Put([]byte("t\x01\x05"), nil)
		tx.Put([]byte("c\x01\x05\x00\x00\x00\x00"), []byte("left"))
		tx.Put([]byte("m"), []byte{0, 0, 0, 6, 0, 100})
	})
	requireSound(t, db)
	require.NoError(t, db.Compact(t.Context()))
	_, _, marks = keysBehind(t, store)
	require.Equal(t, 1, marks, "whoever opened before may still be writing it")
	again := openStore(t, store)
	require.NoError(t, again.Compact(t.Context()))
	contents, chunks, marks = keysBehind(t, store)
	require.Zero(t, contents+chunks+marks)
	requireSound(t, again)
}

func TestCheckFindsDamagedContents(t *testing.T) {
	t.Parallel()
	hash := "\x5d\x41\x40\x2a\xbc\x4b\x2a\x76\xb9\x71\x9d\x91\x10\x17\xc5\x92" // of "hello"
	cases := []struct {
		name   string
		change func(t *testing.T, tx kv.Tx)
		want   string
	}{
		{"missing header", func(_ *testing.T, tx kv.Tx) { tx.Delete([]byte("a" + hash)) }, "has no content of its length"},
		{"missing chunk", func(_ *testing.T, tx kv.Tx) { tx.Delete([]byte("c\x01\x03\x00\x00\x00\x00")) }, "is missing"},
		{"changed chunk", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("c\x01\x03\x00\x00\x00\x00"), []byte("hullo")) }, "is not what was written"},
		{"counted wrong", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("a"+hash), []byte{2, 5, 3}) }, "counts 2 references, but there are 1"},
		{"orphan chunk", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("c\x01\x09\x00\x00\x00\x00"), []byte("x")) }, "belongs to no content"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := memkv.New()
			db := openStore(t, store)
			require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","_attachments":{"x":{"data":"aGVsbG8="}}}`))
			requireSound(t, db)
			tamper(t, store, func(tx kv.Tx) { c.change(t, tx) })
			report, err := db.Check(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, report.Problems)
			assert.Contains(t, report.Problems[0], c.want)
		})
	}
}

// TestAttachmentsAcknowledgedBeforeTheyAreCommitted: another tab was first, and the write is made again on what that one left.
func TestAttachmentsAcknowledgedBeforeTheyAreCommitted(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	one, two := openTab(t, storage.Open(nil), logkv.MemoryFirst), openTab(t, storage.Open(nil), logkv.MemoryFirst)
	content := bytes.Repeat([]byte("c"), 120_000)
	for round := range 5 {
		name := "d" + strconv.Itoa(round)
		for _, db := range []*docstore.DB{one, two} {
			_, err := db.PutAttachment(t.Context(), name, core.Rev{}, core.Attachment{Name: "x", ContentType: "image/png", Data: append(content, byte(round))})
			if err != nil {
				require.ErrorIs(t, err, core.ErrConflict, "the other tab's was seen")
			}
		}
	}
	require.NoError(t, one.Flush(t.Context()))
	require.NoError(t, two.Flush(t.Context()))
	third := openTab(t, storage.Open(nil), logkv.Strict)
	requireSound(t, third)
	for round := range 5 {
		a, err := third.GetAttachment(t.Context(), "d"+strconv.Itoa(round), "x", core.Rev{})
		require.NoError(t, err)
		require.Equal(t, append(content, byte(round)), a.Data)
	}
}
