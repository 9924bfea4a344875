package replication

import (
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// LineageID names the local document with the [Lineage] of a database.
const LineageID = core.LocalPrefix + "gouchdb-dumps"

// Lineage is what a database knows of dumps: those made of it, and those it was loaded from. By it a replication between databases that never met begins where a dump
// has left off.
type Lineage struct {
	// Origins are the identities of the databases that this one is a copy of: it has what they had when they were dumped, under sequences for which their checkpoints
	// are true.
	Origins []string
	// Dumps are those that this database has everything of, the newest first.
	Dumps []DumpNote
}

// DumpNote is a dump, and a sequence of the database that has the note: everything up to it is in the dump.
type DumpNote struct {
	Session string
	Seq     core.Seq // empty when nothing can be said
}

// With returns a lineage with one more dump.
func (l Lineage) With(note DumpNote) Lineage {
	dumps := append([]DumpNote{note}, l.Dumps...)
	return Lineage{Origins: l.Origins, Dumps: dumps[:min(len(dumps), historyLimit)]}
}

// AppendJSON appends the body of the document.
func (l Lineage) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"origins":`...)
	dst = rawjson.AppendQuoted(dst, l.Origins)
	dst = append(dst, `,"history":[`...)
	for i, note := range l.Dumps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"session_id":`...)
		dst = rawjson.AppendString(dst, note.Session)
		dst = append(dst, `,"last_seq":`...)
		dst = append(core.AppendSeq(dst, note.Seq), '}')
	}
	return append(dst, "]}"...)
}

// ParseLineage reads the body of the document. What it does not understand it leaves out.
func ParseLineage(body []byte) Lineage {
	var l Lineage
	l.Origins, _ = rawjson.Texts(rawjson.Member(body, "origins"))
	for element := range rawjson.Elements(rawjson.Member(body, "history")) {
		session, hasID := rawjson.Text(rawjson.Member(element, "session_id"))
		seq, hasSeq := parseSeq(rawjson.Member(element, "last_seq"))
		if hasID && hasSeq {
			l.Dumps = append(l.Dumps, DumpNote{Session: session, Seq: seq})
		}
	}
	return l
}

// copied is a local database: one that may have been loaded from a dump.
type copied interface {
	Succeed(ctx context.Context, uuid string, seq uint64) error
}

// followDumps returns where two databases stand that never met: one was loaded from a dump of the other, or both from the same, or one from a dump of a database
// that has replicated with the other. It returns nil when nothing is known of that.
func (r *replicator) followDumps() (*checkpoint, error) {
	dbs := [2]core.Adapter{r.source, r.target}
	var lineages [2]Lineage
	known := false
	// Nothing remote is asked before it is known that there was a dump.
	for _, local := range []bool{true, false} {
		for i, db := range dbs {
			if _, is := db.(copied); is != local || !local && !known {
				continue
			}
			body, err := r.localDoc(db, LineageID)
			if err != nil {
				return nil, err
			}
			lineages[i] = ParseLineage(body)
			known = known || body != nil
		}
	}
	if !known {
		return nil, nil
	}
	for _, s := range lineages[0].Dumps {
		for _, t := range lineages[1].Dumps {
			if s.Session == t.Session && s.Seq != "" {
				return &checkpoint{session: s.Session, seq: s.Seq, history: []session{{id: s.Session, recorded: s.Seq}}}, nil
			}
		}
	}
	for i := range lineages {
		for _, origin := range lineages[i].Origins {
			agreed, err := r.followOrigin(i, origin)
			if agreed != nil || err != nil {
				return agreed, err
			}
		}
	}
	return nil, nil
}

// followOrigin returns where one side would go on if it were the database that it is a copy of.
func (r *replicator) followOrigin(side int, origin string) (*checkpoint, error) {
	identities := r.identities
	identities[side] = origin
	if identities[0] == identities[1] {
		return nil, nil
	}
	docID := core.LocalPrefix + replicationID(identities[0], identities[1], r.options, r.filtered)
	var notes [2]*checkpoint
	for i, db := range []core.Adapter{r.source, r.target} {
		body, err := r.localDoc(db, docID)
		if body == nil || err != nil {
			return nil, err
		}
		notes[i] = parseCheckpoint(body)
	}
	return agree(notes[0], notes[1]), nil
}

// localDoc reads a local document, nil when it is not there.
func (r *replicator) localDoc(db core.Adapter, docID string) (body []byte, err error) {
	err = r.retry.do(r.ctx, "reading what a database knows of dumps", func() error {
		doc, err := db.Get(r.ctx, docID, core.GetOptions{})
		switch {
		case errors.Is(err, core.ErrMissing):
			return nil
		case err == nil:
			body = doc.Body
		}
		return err
	})
	return body, err
}
