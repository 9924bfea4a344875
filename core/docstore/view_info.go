package docstore

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// ViewInfo describes the views of a design document, as CouchDB's _info does. updates_pending counts sequences; sizes are of keys and values.
func (db *DB) ViewInfo(ctx context.Context, designDoc string) ([]byte, error) {
	d, err := db.design(ctx, designDoc)
	if err != nil {
		return nil, err
	}
	g := db.views.group(d)
	var record viewRecord
	var m meta
	size := 0
	err = db.view(ctx, true, func(s kv.Snapshot) error {
		if m, err = readMeta(ctx, s); err != nil {
			return err
		}
		if record, err = readViewRecord(ctx, s, g.signature); err != nil || record.number == 0 {
			return err
		}
		size = 0
		for entry, err := range s.Scan(ctx, kv.PrefixRange(numberKey(viewPrefix, record.number))) {
			if err != nil {
				return err
			}
			size += len(entry.Key) + len(entry.Value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	bytes := strconv.Itoa(size)
	pending := strconv.FormatUint(m.updateSeq-min(m.updateSeq, record.state.Seq), 10)
	text := append([]byte(`{"name":`), rawjson.AppendString(nil, d.name)...)
	text = append(text, `,"view_index":{"updates_pending":{"minimum":`+pending+`,"preferred":`+pending+`,"total":`+pending+`},"waiting_commit":false,"waiting_clients":`...)
	text = strconv.AppendInt(text, g.waiting.Load(), 10)
	text = append(text, `,"updater_running":`...)
	text = rawjson.AppendBool(text, g.running.Load())
	text = append(text, `,"update_seq":`...)
	text = strconv.AppendUint(text, record.state.Seq, 10)
	text = append(text, `,"sizes":{"file":`+bytes+`,"external":`+bytes+`,"active":`+bytes+`},"signature":"`+hex.Encode(g.signature[:])+`","purge_seq":`...)
	text = strconv.AppendUint(text, record.state.PurgeSeq, 10)
	text = append(text, `,"language":`...)
	text = rawjson.AppendString(text, d.language)
	return append(text, `,"compact_running":false}}`...), nil
}
