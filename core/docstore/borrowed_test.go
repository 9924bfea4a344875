package docstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
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
