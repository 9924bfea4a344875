package file_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// filled makes a database of documents with a few revisions each, of which some are deleted, and returns its file and which body is whose.
func filled(t *testing.T, compact bool) (path string, bodies map[string]string) {
	t.Helper()
	ctx := context.Background()
	path = filepath.Join(t.TempDir(), "db")
	db, err := file.Open(ctx, path, file.Options{Store: logkv.Options{RecordBytes: 2000, SnapshotBytes: 20_000, CompactionRatio: -1}})
	require.NoError(t, err)
	bodies = map[string]string{}
	write := func(docID string, rev core.Rev, body string, deleted bool) core.Rev {
		results, err := db.BulkDocs(ctx, []*core.Document{{ID: docID, Rev: rev, Body: []byte(body), Deleted: deleted}}, core.BulkDocsOptions{})
		require.NoError(t, err)
		require.Nil(t, results[0].Err)
		return results[0].Rev
	}
	for i := range 60 {
		docID := fmt.Sprintf("doc%02d", i)
		rev := core.Rev{}
		for edit := range 1 + i%3 {
			bodies[docID] = fmt.Sprintf(`{"edit":%d,"text":%q}`, edit, strings.Repeat(fmt.Sprint(i, " "), 20+i*3))
			rev = write(docID, rev, bodies[docID], false)
		}
		if i%10 == 9 {
			write(docID, rev, "{}", true)
			delete(bodies, docID)
		}
	}
	write("_local/checkpoint", core.Rev{}, `{"seq":60}`, false)
	if compact {
		require.NoError(t, db.Compact(ctx))
	}
	require.NoError(t, db.Close())
	return path, bodies
}

func TestCheckOfASoundFile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, compact := range []bool{false, true} {
		path, bodies := filled(t, compact)
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		report, err := file.Check(ctx, path)
		require.NoError(t, err)
		assert.True(t, report.Sound(), report)
		assert.Equal(t, 60, report.Docs.Documents)
		assert.Contains(t, report.String(), "Everything is as it must be.")
		target := newMemory(t)
		salvaged, err := file.Salvage(ctx, path, target)
		require.NoError(t, err)
		assert.Equal(t, 60, salvaged.Documents)
		assert.Equal(t, 1, salvaged.LocalDocs)
		assert.Empty(t, salvaged.Lost)
		assert.Empty(t, salvaged.Older)
		assert.Empty(t, salvaged.Refused)
		requireBodies(t, target, bodies, true)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, before, after, "nothing is changed")

		// What a crash has torn is no damage.
		require.NoError(t, os.WriteFile(path, append(before, "\xF5GdR torn"...), 0o600))
		report, err = file.Check(ctx, path)
		require.NoError(t, err)
		assert.True(t, report.Sound(), report)
		assert.Equal(t, int64(9), report.Torn)
	}
}

// requireBodies compares living documents; without all, some may be missing, and those there may be an older revision.
func requireBodies(t *testing.T, db core.Adapter, bodies map[string]string, all bool) (equal int) {
	t.Helper()
	rows, _, err := core.ListAllDocs(context.Background(), db, core.AllDocsOptions{IncludeDocs: true})
	require.NoError(t, err)
	if all {
		require.Len(t, rows, len(bodies))
	}
	for _, row := range rows {
		if string(row.Doc.Body) == bodies[row.Key] {
			equal++
			continue
		}
		require.False(t, all, row.Key)
		var number, edit int
		_, err := fmt.Sscanf(row.Key, "doc%d", &number)
		require.NoError(t, err)
		_, err = fmt.Sscanf(string(row.Doc.Body), `{"edit":%d,`, &edit)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf(`{"edit":%d,"text":%q}`, edit, strings.Repeat(fmt.Sprint(number, " "), 20+number*3)), string(row.Doc.Body), "never anything that was not written")
	}
	return equal
}

// Whatever is damaged: it is noticed if it matters, most documents are saved, and what is saved was written so.
func TestCheckAndSalvageOfDamagedFiles(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, compact := range []bool{false, true} {
		path, bodies := filled(t, compact)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		damaged := filepath.Join(t.TempDir(), "damaged")
		named := 0
		for round := range 60 {
			image := append([]byte(nil), content...)
			var about string
			switch at := random.IntN(len(content)); round % 3 {
			case 0:
				about = fmt.Sprintf("compacted %t, a bit at %d", compact, at)
				image[at] ^= 1 << random.IntN(8)
			case 1:
				length := min(1+random.IntN(2000), len(content)-at)
				about = fmt.Sprintf("compacted %t, zeros from %d to %d", compact, at, at+length)
				clear(image[at : at+length])
			case 2:
				about = fmt.Sprintf("compacted %t, cut short at %d", compact, at)
				image = image[:max(at, 100)]
			}
			require.NoError(t, os.WriteFile(damaged, image, 0o600))
			report, err := file.Check(ctx, damaged)
			if errors.Is(err, core.ErrStorage) && strings.Contains(err.Error(), "not a GouchDB database") {
				continue // its first bytes
			}
			require.NoError(t, err, about)
			target := newMemory(t)
			salvaged, err := file.Salvage(ctx, damaged, target)
			require.NoError(t, err, about)
			require.Empty(t, salvaged.Refused, about)
			equal := requireBodies(t, target, bodies, false)
			if round%3 == 0 {
				require.GreaterOrEqual(t, equal, len(bodies)/2, about)
			}
			if equal < len(bodies) && round%3 != 2 {
				require.False(t, report.Sound(), about)
				named++
			}
			require.NoError(t, target.Close())
		}
		assert.Positive(t, named, "most of the file is what was overwritten, and may be damaged")
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	directory := t.TempDir()
	_, err := file.Check(ctx, filepath.Join(directory, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, err, core.ErrStorage)
	assert.NoFileExists(t, filepath.Join(directory, "none"))

	text := filepath.Join(directory, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("no database ", 10)), 0o600))
	_, err = file.Check(ctx, text)
	require.ErrorIs(t, err, core.ErrStorage)
	assert.Contains(t, err.Error(), "not a GouchDB database")

	open := filepath.Join(directory, "open")
	db, err := file.Open(ctx, open, file.Options{})
	require.NoError(t, err)
	_, err = file.Check(ctx, open)
	require.ErrorIs(t, err, core.ErrLocked)
	require.NoError(t, db.Close())
	report, err := file.Check(ctx, open)
	require.NoError(t, err)
	assert.True(t, report.Sound(), report)
}

func newMemory(t *testing.T) core.Adapter {
	t.Helper()
	db, err := memory.Open(t.Context(), "target")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
