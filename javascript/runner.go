package javascript

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core"
)

// DefaultTimeout is how long a function may work on one document, or in one call of a reduce function: CouchDB's limit.
const DefaultTimeout = 5 * time.Second

// Options are the options of a runner. The zero value is usable.
type Options struct {
	Timeout time.Duration        // for one document or call; 0: DefaultTimeout
	Log     func(message string) // takes what functions log; nil: nobody does
}

// Runner compiles functions. It may be used by any number of goroutines.
type Runner struct{ options Options }

var _ core.Scripts = (*Runner)(nil)

// New returns a runner.
func New(options Options) *Runner {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	return &Runner{options: options}
}

// machine is an interpreter. Only one goroutine at a time may use it.
type machine struct {
	mutex   sync.Mutex
	options Options
	runtime *goja.Runtime
	emitted []core.Emitted
	watch   watch
	late    bool          // what runs was interrupted
	taker   goja.Callable // puts the JSON of a value into taken
	taken   []byte
	texter  goja.Callable // makes text of a value
}

// maxCalls is how deep functions may call each other.
const maxCalls = 1000

func (r *Runner) newMachine() *machine {
	m := &machine{options: r.options, runtime: goja.New()}
	m.runtime.SetMaxCallStackSize(maxCalls)
	m.prepare()
	return m
}

func compilationError(reason string) *core.Error {
	return core.NewError(400, "compilation_error", reason)
}

// maxSource bounds what the parser, which recurses, is given.
const (
	maxSource = 1 << 20
	maxNested = 500
)

// compile makes a function of its source.
func (m *machine) compile(source string) (goja.Callable, error) {
	if len(source) > maxSource || nesting(source) > maxNested {
		return nil, compilationError("the source is too long or too deeply nested")
	}
	expression := strings.TrimRight(source, "; \t\r\n")
	program, err := goja.Compile("", "("+expression+"\n)", false)
	if err != nil {
		return nil, compilationError(syntaxError(err) + " (" + source + ")")
	}
	var value goja.Value
	if err := m.guarded(context.Background(), func() (err error) {
		value, err = m.runtime.RunProgram(program)
		return err
	}); err != nil {
		return nil, compilationError(err.Error() + " (" + source + ")")
	}
	function, ok := goja.AssertFunction(value)
	if !ok {
		return nil, compilationError("Expression does not eval to a function. (" + source + ")")
	}
	return function, nil
}

func syntaxError(err error) string {
	text := err.Error()
	if !strings.HasPrefix(text, "SyntaxError") {
		text = "SyntaxError: " + text
	}
	return text
}

// nesting is about how deep the brackets of a source are nested; those in strings count too.
func nesting(source string) (deepest int) {
	depth := 0
	for _, c := range []byte(source) {
		switch c {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return deepest
}

// errTimeout is CouchDB's answer when a function does not end.
func errTimeout(limit time.Duration) *core.Error {
	return core.NewError(500, "timeout", "a function of a design document did not end within "+limit.String())
}

// guarded runs what calls functions, and ends it when it takes too long or the context ends. An error that is a *core.Error, or the context's, is no failure of
// the function alone.
func (m *machine) guarded(ctx context.Context, work func() error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.late = false
	m.watch.begin(m.runtime, m.options.Timeout)
	defer m.watch.end(m.runtime)
	if err = work(); err != nil {
		err = m.shown(err)
	}
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) || m.late {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errTimeout(m.options.Timeout)
	}
	return err
}

// watch interrupts an interpreter that works for too long.
type watch struct {
	mutex    sync.Mutex
	timer    *time.Timer
	watching bool
	deadline time.Time
}

func (w *watch) begin(runtime *goja.Runtime, limit time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.watching, w.deadline = true, time.Now().Add(limit)
	if w.timer == nil {
		w.timer = time.AfterFunc(limit, func() { w.ring(runtime) })
	} else {
		w.timer.Reset(limit)
	}
}

// ring interrupts, unless the call that was watched has just ended.
func (w *watch) ring(runtime *goja.Runtime) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if left := time.Until(w.deadline); !w.watching || left > 0 {
		return
	}
	runtime.Interrupt("timeout")
}

func (w *watch) end(runtime *goja.Runtime) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.watching = false
	w.timer.Stop()
	runtime.ClearInterrupt()
}

// interruptWith ends what the interpreter does when the context ends. The function returned has to be called when there is nothing to be ended any more.
func (m *machine) interruptWith(ctx context.Context) (stop func()) {
	ended := context.AfterFunc(ctx, func() {
		m.watch.mutex.Lock()
		defer m.watch.mutex.Unlock()
		if m.watch.watching {
			m.runtime.Interrupt("ended")
		}
	})
	return func() { ended() }
}

// thrown is what a function threw, as text.
type thrown string

func (t thrown) Error() string { return string(t) }

// shown makes text of what was thrown. That may run code of the function's, which is watched as the function was.
func (m *machine) shown(err error) error {
	var exception *goja.Exception
	if !errors.As(err, &exception) {
		return err
	}
	text, err := m.texter(goja.Undefined(), exception.Value())
	switch {
	case errors.As(err, &exception):
		return thrown("an object without text")
	case err != nil:
		return err
	}
	return thrown(text.String())
}

// functionError tells why a function failed.
func functionError(err error) error {
	var text thrown
	if errors.As(err, &text) {
		return core.NewError(500, "function_error", string(text))
	}
	return err
}

// isFatal tells errors that end a whole batch from those of one call.
func isFatal(ctx context.Context, err error) bool {
	var known *core.Error
	return ctx.Err() != nil || errors.As(err, &known)
}
