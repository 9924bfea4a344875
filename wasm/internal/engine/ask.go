package engine

import (
	"context"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// answer is what JavaScript replied to a question.
type answer struct {
	text []byte
	raw  []byte // contents of attachments or of HTTP, which follow the text
	err  error
}

// ask puts a question to JavaScript, as an event of the call that it comes up in, and waits for the reply: what a function of the caller's says.
// about has the members that the question is made of.
func (e *Engine) ask(ctx context.Context, c *call, about []byte) ([]byte, error) {
	reply, err := e.question(ctx, c.id, about, nil)
	return reply.text, err
}

// question puts a question to a call of JavaScript's. raw follows the question as contents, when it is not nil.
func (e *Engine) question(ctx context.Context, to uint32, about, raw []byte) (answer, error) {
	reply := make(chan answer, 1)
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
	text := strconv.AppendInt([]byte(`{"type":"question","number":`), number, 10)
	text = append(text, ',')
	text = append(append(text, about...), '}')
	if raw != nil {
		text = (&contents{binary: true, raw: raw}).answer(text)
	}
	e.deliver(to, Event, text)
	select {
	case answer := <-reply:
		return answer, answer.err
	case <-ctx.Done():
		withdrawn := strconv.AppendInt([]byte(`{"type":"withdrawn","number":`), number, 10)
		e.deliver(to, Event, append(withdrawn, '}'))
		return answer{}, ctx.Err()
	}
}

// reply answers a question, with data or with a failure. One whose asker has given up is of no interest.
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
		asker <- answer{text: r.data, raw: r.raw, err: parseFailure(r.value("failure"))}
	}
	return ok, nil
}

// parseFailure is the reverse of appendFailure. It returns nil for nothing.
func parseFailure(text []byte) error {
	if text == nil {
		return nil
	}
	status, _ := rawjson.Int(rawjson.Member(text, "status"))
	name, _ := rawjson.Text(rawjson.Member(text, "name"))
	reason, _ := rawjson.Text(rawjson.Member(text, "reason"))
	return core.NewError(int(status), name, reason)
}

// Ask puts a question to the page or process that the engine serves, and waits for the answer. about has the members of the question. The texts and
// what follows them may be kept.
type Ask func(ctx context.Context, about, raw []byte) (text, follows []byte, err error)

type askKey struct{}

// Asker returns what an opener's database may ask JavaScript with. ctx is the one that the opener was called with.
func Asker(ctx context.Context) Ask {
	ask, _ := ctx.Value(askKey{}).(Ask)
	return ask
}

// askPage asks whoever listens.
func (e *Engine) askPage(ctx context.Context, about, raw []byte) (text, follows []byte, err error) {
	e.mu.Lock()
	listener := e.listener
	e.mu.Unlock()
	reply, err := e.question(ctx, listener, about, raw)
	return reply.text, reply.raw, err
}

// listen makes its call the one that hears the questions of databases. It is not answered.
func listen(ctx context.Context, e *Engine, r *request) ([]byte, error) {
	e.mu.Lock()
	e.listener = r.call.id
	e.mu.Unlock()
	<-ctx.Done()
	return nil, ctx.Err()
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
