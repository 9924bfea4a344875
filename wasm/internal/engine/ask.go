package engine

import (
	"context"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ask puts a question to JavaScript, as an event of the call that it comes up in, and waits for the reply: what a function of the caller's says.
// about has the members that the question is made of.
func (e *Engine) ask(ctx context.Context, c *call, about []byte) ([]byte, error) {
	reply := make(chan []byte, 1)
	e.mu.Lock()
	e.lastQuestion++
	number := e.lastQuestion
	e.questions[number] = reply
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.questions, number)
		e.mu.Unlock()
	}()
	question := strconv.AppendInt([]byte(`{"type":"question","number":`), number, 10)
	question = append(question, ',')
	e.deliver(c.id, Event, append(append(question, about...), '}'))
	select {
	case text := <-reply:
		return text, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reply answers a question. One whose asker has given up is of no interest.
func reply(_ context.Context, e *Engine, r *request) ([]byte, error) {
	number, given := r.count("question")
	if !given {
		r.refuse("question", "the number of a question")
	}
	if r.err != nil {
		return nil, r.err
	}
	e.mu.Lock()
	asker := e.questions[int64(number)]
	delete(e.questions, int64(number))
	e.mu.Unlock()
	if asker != nil {
		asker <- r.data
	}
	return ok, nil
}

// filter asks JavaScript's predicate about documents.
func (e *Engine) filter(ctx context.Context, c *call, docs []*core.Document) ([]bool, error) {
	text, err := e.ask(ctx, c, append(appendDocs([]byte(`"about":"filter","docs":[`), docs), ']'))
	if err != nil {
		return nil, err
	}
	pass := make([]bool, 0, len(docs))
	for element := range rawjson.Elements(text) {
		passes, _ := rawjson.Bool(element)
		pass = append(pass, passes)
	}
	return pass, nil
}

// backOff asks JavaScript how long to wait after having waited for last. Without an answer the replication is about to end.
func (e *Engine) backOff(ctx context.Context, c *call, last time.Duration) time.Duration {
	text, err := e.ask(ctx, c, strconv.AppendInt([]byte(`"about":"back_off","delay":`), last.Milliseconds(), 10))
	if err != nil {
		return last
	}
	delay, _ := rawjson.Int(text)
	return time.Duration(delay) * time.Millisecond
}

func appendDocs(dst []byte, docs []*core.Document) []byte {
	for i, doc := range docs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = doc.AppendJSON(dst)
	}
	return dst
}
