package docstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// A new revision keeps an attachment, whose content nobody has in memory, while another tab deletes the document and compacts. The revision could not be made again after that.
func TestWhatKeepsAnAttachmentIsAcknowledgedWhenItIsInTheLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	theirs := openTab(t, storage.Open(nil), logkv.Relaxed)
	content := []byte(strings.Repeat("content ", 5000))
	attached := &core.Document{ID: "doc", Body: []byte(`{}`), Attachments: []core.Attachment{{Name: "a", ContentType: "text/plain", Data: content}}}
	first, err := core.Put(ctx, theirs, attached)
	require.NoError(t, err)
	for name, edited := range map[string]*core.Document{
		"a stub":           {ID: "doc", Rev: first, Body: []byte(`{"ours":1}`), Attachments: []core.Attachment{{Name: "a", Stub: true}}},
		"the same content": {ID: "other", Body: []byte(`{}`), Attachments: attached.Attachments},
	} {
		t.Run(name, func(t *testing.T) {
			storage := storage.Clone()
			theirs := openTab(t, storage.Open(nil), logkv.Relaxed)
			var injector fault.Injector
			device := storage.Open(injector.Do)
			ours := openTab(t, device, logkv.MemoryFirst)
			device.Watch(func() {})
			injector.At(1, fault.Delay, nil)
			written := make(chan error, 1)
			go func() {
				_, err := core.Put(ctx, ours, edited)
				written <- err
			}()
			<-injector.Held()
			_, err := core.Put(ctx, theirs, &core.Document{ID: "doc", Rev: first, Deleted: true, Body: []byte(`{}`)})
			require.NoError(t, err)
			for range 3 {
				writeOne(t, theirs, "more", core.Rev{}, `{}`)
				require.NoError(t, theirs.Compact(ctx))
			}
			injector.Release()
			err = <-written
			require.NoError(t, ours.Flush(ctx))
			if err != nil {
				require.ErrorIs(t, err, core.ErrConflict)
				return
			}
			require.NoError(t, theirs.Refresh(ctx))
			kept, err := theirs.GetAttachment(ctx, edited.ID, "a", core.Rev{})
			require.NoError(t, err)
			assert.Equal(t, content, kept.Data)
		})
	}
}

// secondBest has somebody be first each time that it is to append something.
type secondBest struct {
	logkv.Device
	by []func()
}

func (d *secondBest) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	if len(d.by) > 0 {
		by := d.by[0]
		d.by = d.by[1:]
		by()
	}
	return d.Device.Append(ctx, first, records, durability)
}

// A new attachment turns out to be stored already by another tab, which was first, and which then removes it and is first again.
func TestWhatAnotherTabHasStoredTooIsNotLostWithIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	theirs := openTab(t, storage.Open(nil), logkv.Relaxed)
	content := []byte(strings.Repeat("content ", 5000))
	attachments := []core.Attachment{{Name: "a", ContentType: "text/plain", Data: content}}
	device := &secondBest{Device: storage.Open(nil)}
	ours := openTab(t, device, logkv.MemoryFirst)
	var rev core.Rev
	device.by = []func(){
		func() {
			var err error
			rev, err = core.Put(ctx, theirs, &core.Document{ID: "theirs", Body: []byte(`{}`), Attachments: attachments})
			assert.NoError(t, err)
		},
		func() {
			_, err := core.Put(ctx, theirs, &core.Document{ID: "theirs", Rev: rev, Deleted: true, Body: []byte(`{}`)})
			assert.NoError(t, err)
			for i := range 3 {
				_, err := core.Put(ctx, theirs, &core.Document{ID: fmt.Sprint("more", i), Body: []byte(`{}`)})
				assert.NoError(t, err)
				assert.NoError(t, theirs.Compact(ctx))
			}
		},
	}
	_, err := core.Put(ctx, ours, &core.Document{ID: "ours", Body: []byte(`{}`), Attachments: attachments})
	require.NoError(t, err)
	require.NoError(t, ours.Flush(ctx))
	require.Empty(t, device.by)
	for _, db := range []*docstore.DB{ours, openTab(t, storage.Open(nil), logkv.Strict)} {
		kept, err := db.GetAttachment(ctx, "ours", "a", core.Rev{})
		require.NoError(t, err)
		assert.Equal(t, content, kept.Data)
		report, err := db.Check(ctx)
		require.NoError(t, err)
		assert.Empty(t, report.Problems)
	}
}
