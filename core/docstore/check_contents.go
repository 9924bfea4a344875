package docstore

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/kv"
)

// contentChecker compares the contents of attachments with those who refer to them.
type contentChecker struct {
	headers    map[[md5.Size]byte]content
	references map[[md5.Size]byte]uint64 // found in bodies
	names      map[uint64][md5.Size]byte // of contents, by the numbers of their chunks
	staged     map[uint64]bool
	chunks     chunkCheck
}

// chunkCheck is about the content whose chunks are being read.
type chunkCheck struct {
	number, length uint64
	sum            *md5.Hash
}

func newContentChecker() contentChecker {
	return contentChecker{
		headers: map[[md5.Size]byte]content{}, references: map[[md5.Size]byte]uint64{},
		names: map[uint64][md5.Size]byte{}, staged: map[uint64]bool{},
	}
}

func (c *checker) header(entry kv.Entry) {
	header, ok := decodeContent(entry.Value)
	if !ok || len(entry.Key) != 1+md5.Size {
		c.problem("the header of an attachment's content cannot be read")
		return
	}
	hash := [md5.Size]byte(entry.Key[1:])
	if _, taken := c.contents.names[header.number]; taken || header.number >= c.meta.nextBody {
		c.problem("content ", contentName(hash), " has a number that is not its own")
	}
	c.contents.headers[hash], c.contents.names[header.number] = header, hash
}

func contentName(hash [md5.Size]byte) string { return strconv.Quote(string(hash[:])) }

// attachments counts the references of a body, and returns the body itself.
func (c *checker) attachments(docID string, number uint64, value []byte) []byte {
	body, attachments, err := splitBody(docID, number, value)
	if err != nil {
		c.problem("document ", strconv.Quote(docID), ": its attachments cannot be read")
		return []byte("{}")
	}
	for i := range attachments {
		a := &attachments[i]
		c.contents.references[a.hash]++
		if header, found := c.contents.headers[a.hash]; !found || header.length != uint64(a.Length) {
			c.problem("document ", strconv.Quote(docID), ": attachment ", strconv.Quote(a.Name), " has no content of its length")
		}
	}
	return body
}

// checkContents reads all chunks, after the headers and the bodies, and compares.
func (c *checker) checkContents() error {
	for hash, header := range c.contents.headers {
		if c.contents.references[hash] != header.references {
			c.problem("content ", contentName(hash), " counts ", strconv.FormatUint(header.references, 10), " references, but there are ",
				strconv.FormatUint(c.contents.references[hash], 10))
		}
		if header.length == 0 {
			delete(c.contents.names, header.number)
		}
	}
	for entry, err := range c.entries(prefixRange(chunkPrefix)) {
		if err != nil {
			return err
		}
		c.chunk(entry)
	}
	c.endChunks()
	for _, hash := range c.contents.names {
		c.problem("content ", contentName(hash), " is missing")
	}
	return nil
}

func (c *checker) chunk(entry kv.Entry) {
	number, ok := uint64(0), len(entry.Key) > 4
	if ok {
		number, ok = keyNumber(entry.Key[:len(entry.Key)-4])
	}
	if !ok {
		c.problem("a part of an attachment has a key that means nothing")
		return
	}
	if c.contents.staged[number] {
		return
	}
	if _, known := c.contents.names[number]; !known && c.contents.chunks.number != number {
		c.problem("a part of an attachment belongs to no content")
		return
	}
	if c.contents.chunks.number != number {
		c.endChunks()
		c.contents.chunks = chunkCheck{number: number, sum: md5.New()}
	}
	_, _ = c.contents.chunks.sum.Write(entry.Value)
	c.contents.chunks.length += uint64(len(entry.Value))
}

// endChunks looks whether the chunks that were read last are the content that they should be.
func (c *checker) endChunks() {
	chunks := c.contents.chunks
	if chunks.sum == nil {
		return
	}
	hash := c.contents.names[chunks.number]
	if chunks.sum.Sum() != hash || chunks.length != c.contents.headers[hash].length {
		c.problem("content ", contentName(hash), " is not what was written")
	}
	delete(c.contents.names, chunks.number)
}
