package docstore

import (
	"context"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

const defaultRevsLimit = 1000

// meta is what a database knows about itself. It is one record, so that a write reads and writes it once.
type meta struct {
	updateSeq uint64 // the last sequence given out
	docCount  uint64 // documents whose winner is not deleted
	delCount  uint64 // documents whose winner is deleted
	nextBody  uint64 // the number that the next body gets
	purgeSeq  uint64
	revsLimit uint64
}

func (m *meta) fields() [6]*uint64 {
	return [6]*uint64{&m.updateSeq, &m.docCount, &m.delCount, &m.nextBody, &m.purgeSeq, &m.revsLimit}
}

// total is how many documents there are, each of which has one entry in the feed.
func (m *meta) total() uint64 { return m.docCount + m.delCount }

func readMeta(ctx context.Context, s kv.Snapshot) (meta, error) {
	var m meta
	value, found, err := s.Get(ctx, metaKey)
	if err != nil {
		return m, err
	}
	if !found {
		return m, core.ErrCorrupt.Because("the counters are missing")
	}
	for _, field := range m.fields() {
		n, length := binary.Uvarint(value)
		if length <= 0 {
			return m, core.ErrCorrupt.Because("the counters cannot be read")
		}
		*field = n
		value = value[length:]
	}
	return m, nil
}

func (m *meta) write(tx kv.Tx) {
	value := make([]byte, 0, 24)
	for _, field := range m.fields() {
		value = binary.AppendUvarint(value, *field)
	}
	tx.Put(metaKey, value)
}

// count takes a document out of its old place among the counters and into its new one.
func (m *meta) count(was, is *record) {
	if was != nil {
		*m.counter(was.deleted)--
	}
	if is != nil {
		*m.counter(is.deleted)++
	}
}

func (m *meta) counter(deleted bool) *uint64 {
	if deleted {
		return &m.delCount
	}
	return &m.docCount
}
