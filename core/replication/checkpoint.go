package replication

import (
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/httpdate"
)

// historyLimit is how many sessions a checkpoint remembers: as many as CouchDB's.
const historyLimit = 50

// checkpoint is a "_local/" document that notes how far a replication got, in CouchDB's format.
type checkpoint struct {
	session string
	seq     core.Seq // of the source; everything up to it is in the target
	history []session
}

// session is what a run of the replicator notes about itself.
type session struct {
	id       string
	recorded core.Seq // the newest sequence that this run has committed
	// checkpoints counts this run's commits. Sequences cannot be compared; of two notes of the same run this tells the older.
	// It is the one member that CouchDB's checkpoints do not have.
	checkpoints int64

	startTime, endTime time.Time
	startSeq           core.Seq
	counts             Counts
	// last is the newest change up to recorded that both databases were seen to have. It is noted where one side alone keeps checkpoints.
	last core.DocRev
}

// agree returns where to go on: at the newest point that both sides have noted, with the history up to there.
//
// The newest notes alone do not tell. A side that was restored from a backup has an old one, and one that missed a commit has an older one
// of the same run. What a side says is true only of data that it still has, so the older of two notes counts.
// It returns nil when the two have nothing in common.
func agree(source, target *checkpoint) *checkpoint {
	if source == nil || target == nil {
		return nil
	}
	for i, s := range source.history {
		for k, t := range target.history {
			if s.id != t.id {
				continue
			}
			switch {
			case s.recorded == t.recorded || (s.checkpoints < t.checkpoints && s.checkpoints > 0):
				return &checkpoint{session: s.id, seq: s.recorded, history: source.history[i:]}
			case t.checkpoints < s.checkpoints && t.checkpoints > 0:
				return &checkpoint{session: t.id, seq: t.recorded, history: target.history[k:]}
			}
			break // no telling which is older: an earlier session is safe
		}
	}
	return nil
}

// follow returns the checkpoint that comes after c, or the first one when c is nil: now is the running session.
//
// Only what both sides agreed on stays in the history. A session that just one side knew would seem to be known to both.
func (c *checkpoint) follow(now session) *checkpoint {
	next := &checkpoint{session: now.id, seq: now.recorded, history: []session{now}}
	if c != nil {
		next.history = append(next.history, c.history[:min(len(c.history), historyLimit-1)]...)
	}
	return next
}

// same reports whether both are the note of the same commit.
func (c *checkpoint) same(other *checkpoint) bool {
	return c != nil && other != nil && c.session == other.session && c.history[0].checkpoints == other.history[0].checkpoints
}

// predates reports whether c is what stood in the place of later before it, or nothing: the database that has it was once further. A note of a run elsewhere stands in
// the place of later without being older; it is when it knows of later's session less than later does. (It may just have been written by who did not look.)
func (c *checkpoint) predates(later *checkpoint) bool {
	if c == nil {
		return true
	}
	for i := range later.history {
		if later.history[i].id == c.session {
			return i > 0 || c.history[0].checkpoints < later.history[0].checkpoints
		}
	}
	for i := range c.history {
		if c.history[i].id == later.session {
			return c.history[i].checkpoints < later.history[0].checkpoints
		}
	}
	return false
}

// wentBack reports whether a local document, the revisions of which are counted, has one that it had before, or an earlier one.
func wentBack(now, before core.Rev) bool {
	return isCount(now) && isCount(before) && (len(now.Hash) < len(before.Hash) || len(now.Hash) == len(before.Hash) && now.Hash <= before.Hash)
}

func isCount(rev core.Rev) bool {
	for _, c := range []byte(rev.Hash) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return rev.Generation == 0 && rev.Hash != ""
}

// appendJSON appends the body of the document.
func (c *checkpoint) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"session_id":`...)
	dst = rawjson.AppendString(dst, c.session)
	dst = append(dst, `,"source_last_seq":`...)
	dst = core.AppendSeq(dst, c.seq)
	dst = append(dst, `,"replication_id_version":`+idVersion+`,"history":[`...)
	for i := range c.history {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.history[i].appendJSON(dst)
	}
	return append(dst, "]}"...)
}

func (s *session) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"session_id":`...)
	dst = rawjson.AppendString(dst, s.id)
	dst = append(dst, `,"start_time":"`...)
	dst = append(httpdate.Append(dst, s.startTime), '"')
	dst = append(dst, `,"end_time":"`...)
	dst = append(httpdate.Append(dst, s.endTime), '"')
	dst = append(dst, `,"start_last_seq":`...)
	dst = core.AppendSeq(dst, s.startSeq)
	dst = append(dst, `,"end_last_seq":`...)
	dst = core.AppendSeq(dst, s.recorded)
	dst = append(dst, `,"recorded_seq":`...)
	dst = core.AppendSeq(dst, s.recorded)
	dst = appendCount(dst, "missing_checked", s.counts.MissingChecked)
	dst = appendCount(dst, "missing_found", s.counts.MissingFound)
	dst = appendCount(dst, "docs_read", s.counts.DocsRead)
	dst = appendCount(dst, "docs_written", s.counts.DocsWritten)
	dst = appendCount(dst, "doc_write_failures", s.counts.DocWriteFailures)
	dst = appendCount(dst, "checkpoints", int(s.checkpoints))
	if s.last.ID != "" {
		dst = append(dst, `,"last_change":{"id":`...)
		dst = rawjson.AppendString(dst, s.last.ID)
		dst = append(dst, `,"rev":"`...)
		dst = append(append(dst, s.last.Rev.String()...), `"}`...)
	}
	return append(dst, '}')
}

// parseCheckpoint reads the body of a checkpoint document. It returns nil for what is none: nobody can agree with that.
func parseCheckpoint(body []byte) *checkpoint {
	c := &checkpoint{}
	var ok bool
	if c.session, ok = rawjson.Text(rawjson.Member(body, "session_id")); !ok {
		return nil
	}
	if c.seq, ok = parseSeq(rawjson.Member(body, "source_last_seq")); !ok {
		return nil
	}
	for element := range rawjson.Elements(rawjson.Member(body, "history")) {
		if s, ok := parseSession(element); ok {
			c.history = append(c.history, s)
		}
	}
	if len(c.history) == 0 || c.history[0].id != c.session || c.history[0].recorded != c.seq {
		return nil
	}
	return c
}

func parseSession(value []byte) (s session, ok bool) {
	if s.id, ok = rawjson.Text(rawjson.Member(value, "session_id")); !ok {
		return s, false
	}
	if s.recorded, ok = parseSeq(rawjson.Member(value, "recorded_seq")); !ok {
		return s, false
	}
	s.checkpoints, _ = rawjson.Int(rawjson.Member(value, "checkpoints"))
	s.startSeq, _ = parseSeq(rawjson.Member(value, "start_last_seq"))
	last := rawjson.Member(value, "last_change")
	if text, ok := rawjson.Text(rawjson.Member(last, "rev")); ok {
		if rev, err := core.ParseRev(text); err == nil {
			s.last.Rev = rev
			s.last.ID, _ = rawjson.Text(rawjson.Member(last, "id"))
		}
	}
	s.startTime = parseTime(rawjson.Member(value, "start_time"))
	s.endTime = parseTime(rawjson.Member(value, "end_time"))
	s.counts = Counts{
		MissingChecked:   parseCount(value, "missing_checked"),
		MissingFound:     parseCount(value, "missing_found"),
		DocsRead:         parseCount(value, "docs_read"),
		DocsWritten:      parseCount(value, "docs_written"),
		DocWriteFailures: parseCount(value, "doc_write_failures"),
	}
	return s, true
}

// parseSeq reads what core.AppendSeq wrote: text, or a number, of which 0 stands for the beginning.
func parseSeq(value []byte) (seq core.Seq, ok bool) {
	switch rawjson.KindOf(value) {
	case rawjson.String:
		text, ok := rawjson.Text(value)
		return core.Seq(text), ok
	case rawjson.Number:
		if n, ok := rawjson.Int(value); ok && n == 0 {
			return "", true
		}
		return core.Seq(rawjson.Trim(value)), true
	}
	return "", false
}
