package fetchhttp

import "time"

// AuthMode says how the server is told who is asking.
type AuthMode int

const (
	// BasicAuth sends name and password with each request.
	BasicAuth AuthMode = iota
	// CookieAuth logs in once by POST /_session and sends the cookie from then on. A session that has run out is renewed once. Without a User no login takes
	// place: a browser then sends the session that the page already has.
	CookieAuth
)

// Options are the options of [Open]. The zero value will do for most.
type Options struct {
	// User and Password take precedence over those in the URL.
	User, Password string
	Auth           AuthMode
	// Header is sent with each request to the server that was opened, never to another that it redirects to.
	Header map[string]string
	// Create makes the database when it is not there.
	Create bool
	// SkipSetup opens without asking the server anything; the first call finds out what is wrong. Not together with Create.
	SkipSetup bool
	// Timeout is how long the server may be silent when it owes an answer or the rest of one. 0: 30 seconds. A transfer that
	// goes on may take as long as it takes.
	Timeout time.Duration
	// Heartbeat is how often the server should give a sign of life during a long poll. 0: 10 seconds.
	Heartbeat time.Duration
	// MaxResponseBytes limits how much of an answer is held in memory at once: a whole answer, or one row of a listing or a changes feed, which are read row by row.
	// More is an ErrTooLarge. 0: 128 MiB.
	MaxResponseBytes int
	// MaxParallel limits the requests that stand in for one _bulk_get where the server has none. 0: 4.
	MaxParallel int
	// MaxPolls limits the long polls that go on at a time with all databases of one server, in browsers of all tabs of the origin together: more of them take turns. 0: no
	// limit.
	MaxPolls int
	// How long a long poll lasts while others wait. 0: pollTurn.
	pollTurn time.Duration
	// Doer sends the requests. nil: net/http natively, fetch in WebAssembly.
	Doer Doer
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 10 * time.Second
	}
	if o.MaxResponseBytes <= 0 {
		o.MaxResponseBytes = 128 << 20
	}
	if o.MaxParallel <= 0 {
		o.MaxParallel = 4
	}
	if o.pollTurn <= 0 {
		o.pollTurn = pollTurn
	}
	if o.Doer == nil {
		o.Doer = newDoer()
	}
	return o
}
