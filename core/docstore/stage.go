package docstore

import (
	"bytes"
	"context"
	"io"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/kv"
)

// Content that is too large to be held is written before the document that it belongs to, some chunks in an update, beside a mark under its number. The
// document's update takes the mark away. What a crash leaves behind has a mark, and the next compaction by somebody who opened the database later removes it.

// stagedBytes is how much of a content is written in one update.
const stagedBytes = 20 * contentChunk

// stage reads and writes content, and works out what it decides.
func (db *DB) stage(ctx context.Context, a *attachment) (err error) {
	reader, err := a.Content.Open(ctx, 0)
	if err != nil {
		return err
	}
	defer reader.Close()
	buffer := make([]byte, stagedBytes)
	sum := md5.New()
	length := uint64(0)
	for last := false; !last; {
		n, err := io.ReadFull(reader, buffer)
		last = err == io.EOF || err == io.ErrUnexpectedEOF
		if err == nil || last {
			_, _ = sum.Write(buffer[:n])
			err = db.stagePart(ctx, a, length, buffer[:n])
		}
		if err != nil {
			return err
		}
		length += uint64(n)
	}
	if a.Length > 0 && uint64(a.Length) != length {
		return core.ErrBadRequest.Because("attachment " + a.Name + " has another length than it should")
	}
	a.Length = int64(length)
	a.hash = sum.Sum()
	a.Content = nil
	return nil
}

func (db *DB) stagePart(ctx context.Context, a *attachment, at uint64, part []byte) error {
	number := a.staged
	err := db.store.Update(ctx, func(tx kv.Tx) error {
		if number = a.staged; number == 0 {
			m, err := readMeta(ctx, tx)
			if err != nil {
				return err
			}
			number = m.nextBody
			m.nextBody++
			m.write(tx)
			tx.Put(numberKey(stagedPrefix, number), nil)
		}
		for start := 0; start < len(part); start += contentChunk {
			end := min(start+contentChunk, len(part))
			tx.Put(chunkKey(number, (at+uint64(start))/contentChunk), bytes.Clone(part[start:end]))
		}
		return nil
	})
	a.staged = number
	return err
}

// unstage makes what was staged the content, or removes it when the content is there already.
func (e *edit) unstage(a *attachment, remove bool) error {
	mark := numberKey(stagedPrefix, a.staged)
	_, found, err := e.tx.Get(e.ctx, mark)
	if err != nil {
		return err
	}
	if !found && !remove {
		return core.ErrStorage.Because("a compaction elsewhere took an unfinished attachment away; write it again")
	}
	e.tx.Delete(mark)
	for i := uint64(0); remove && i < chunkCount(uint64(a.Length)); i++ {
		e.tx.Delete(chunkKey(a.staged, i))
	}
	return nil
}

// dropStaged removes what was staged for a write that did not take place. It is done even when the caller has given up.
func (db *DB) dropStaged(ctx context.Context, numbers []uint64) error {
	if len(numbers) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	for _, number := range numbers {
		// The mark goes first: whoever still wants to use it finds out.
		marked := false
		err := db.store.Update(ctx, func(tx kv.Tx) (err error) {
			kv.Frees(tx)
			_, marked, err = tx.Get(ctx, numberKey(stagedPrefix, number))
			if err == nil && marked {
				err = deletePrefix(ctx, tx, numberKey(chunkPrefix, number))
				tx.Delete(numberKey(stagedPrefix, number))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func deletePrefix(ctx context.Context, tx kv.Tx, prefix []byte) error {
	var keys [][]byte
	r := kv.PrefixRange(prefix)
	r.KeysOnly = true
	for entry, err := range tx.Scan(ctx, r) {
		if err != nil {
			return err
		}
		keys = append(keys, bytes.Clone(entry.Key))
	}
	for _, key := range keys {
		tx.Delete(key)
	}
	return nil
}

// dropAbandoned removes what was staged before this database was opened, which nobody will finish.
func (db *DB) dropAbandoned(ctx context.Context) error {
	var numbers []uint64
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		numbers = nil
		for entry, err := range s.Scan(ctx, prefixRange(stagedPrefix)) {
			if err != nil {
				return err
			}
			if number, ok := keyNumber(entry.Key); ok && number < db.firstOwn {
				numbers = append(numbers, number)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.dropStaged(ctx, numbers)
}
