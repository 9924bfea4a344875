package replication

import (
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/httpdate"
)

// Counts tell what a replication has done, in revisions.
type Counts struct {
	MissingChecked   int // changed revisions in the source
	MissingFound     int // of these, what the target did not have
	DocsRead         int // fetched from the source
	DocsWritten      int
	DocWriteFailures int // not written: denied, or not possible
	DocReadFailures  int // could not be had from the source
}

func (c *Counts) add(other Counts) {
	c.MissingChecked += other.MissingChecked
	c.MissingFound += other.MissingFound
	c.DocsRead += other.DocsRead
	c.DocsWritten += other.DocsWritten
	c.DocWriteFailures += other.DocWriteFailures
	c.DocReadFailures += other.DocReadFailures
}

// minus returns what was added since.
func (c Counts) minus(before Counts) Counts {
	return Counts{
		MissingChecked:   c.MissingChecked - before.MissingChecked,
		MissingFound:     c.MissingFound - before.MissingFound,
		DocsRead:         c.DocsRead - before.DocsRead,
		DocsWritten:      c.DocsWritten - before.DocsWritten,
		DocWriteFailures: c.DocWriteFailures - before.DocWriteFailures,
		DocReadFailures:  c.DocReadFailures - before.DocReadFailures,
	}
}

func appendCount(dst []byte, name string, n int) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return strconv.AppendInt(dst, int64(n), 10)
}

func parseCount(object []byte, name string) int {
	n, _ := rawjson.Int(rawjson.Member(object, name))
	return int(n)
}

func parseTime(value []byte) time.Time {
	text, _ := rawjson.Text(value)
	t, _ := httpdate.Parse(text)
	return t
}
