package fetchhttp

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// authenticator knows who asks and how to say so. Name and password live in closures, where no way of printing finds them.
type authenticator struct {
	mode   AuthMode
	known  bool // there is a name
	basic  func() string
	form   func() []byte // the body of a login
	redact func(string) string

	// refused is set when the server did not accept name and password: further attempts could only lock the account.
	refused atomic.Pointer[core.Error]

	// turn is held while the session is looked at or renewed.
	turn    chan struct{}
	session session
}

// session is a login. A browser keeps the cookie to itself: then cookie is empty.
type session struct {
	number int // counts logins; 0: none so far
	valid  bool
	cookie string
	// stale is when to renew it. A session that has run out is not always refused: where strangers may write, a write by one is taken or
	// turned down in silence.
	stale time.Time
}

func newAuthenticator(mode AuthMode, user, password string) *authenticator {
	a := &authenticator{mode: mode, known: user != "", turn: make(chan struct{}, 1)}
	a.basic = func() string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) }
	a.form = func() []byte { return []byte("name=" + escape(user) + "&password=" + escape(password)) }
	a.redact = func(text string) string {
		if password == "" {
			return text
		}
		for _, secret := range []string{password, escape(password), a.basic()[len("Basic "):]} {
			text = strings.ReplaceAll(text, secret, "[hidden]")
		}
		return text
	}
	return a
}

// sign adds to request what tells the server who asks. It returns the number of the session used.
func (db *DB) sign(ctx context.Context, request *Request) (sessionNumber int, err error) {
	a := db.auth
	if refused := a.refused.Load(); refused != nil {
		return 0, refused
	}
	for name, value := range db.options.Header {
		request.Header[name] = value
	}
	if a.mode == BasicAuth {
		if a.known {
			request.Header["authorization"] = a.basic()
		}
		return 0, nil
	}
	request.Cookies = true
	if !a.known {
		return 0, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if refused := a.refused.Load(); refused != nil { // while this call was waiting
		return 0, refused
	}
	if !a.session.valid || time.Now().After(a.session.stale) {
		if err := db.login(ctx); err != nil {
			return 0, err
		}
	}
	if a.session.cookie != "" {
		request.Header["cookie"] = a.session.cookie
	}
	return a.session.number, nil
}

// login begins a session. Only the holder of the turn may call it.
func (db *DB) login(ctx context.Context) error {
	a := db.auth
	request := &Request{Method: "POST", URL: db.at.server() + "/_session", Body: a.form(), Cookies: true, Header: map[string]string{
		"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}}
	for name, value := range db.options.Header {
		request.Header[name] = value
	}
	response, err := db.follow(ctx, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.Status >= 300 {
		return db.failure(call{}, request.URL, response)
	}
	if _, err := db.readJSON(request.URL, response.Body); err != nil {
		return err
	}
	cookie, lifetime := sessionCookie(response)
	a.session = session{number: a.session.number + 1, valid: true, cookie: cookie, stale: time.Now().Add(lifetime / 2)}
	return nil
}

// sessionLifetime is CouchDB's default, for when the server does not say.
const sessionLifetime = 10 * time.Minute

// sessionCookie returns "AuthSession=value" from the answer to a login, "" where a browser hides it, and how long it is good for.
func sessionCookie(response *Response) (cookie string, lifetime time.Duration) {
	const name = "AuthSession="
	cookies := response.Header("set-cookie")
	i := strings.Index(cookies, name)
	if i < 0 {
		return "", sessionLifetime
	}
	cookie, attributes, _ := strings.Cut(cookies[i:], ";")
	if cookie == name {
		return "", sessionLifetime
	}
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil && strings.EqualFold(key, "max-age") && seconds > 0 {
			return cookie, time.Duration(seconds) * time.Second
		}
	}
	return cookie, sessionLifetime
}

// expire marks a session as run out, unless it has been renewed in the meantime.
func (db *DB) expire(ctx context.Context, sessionNumber int) error {
	a := db.auth
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if a.session.number == sessionNumber {
		a.session.valid = false
	}
	return nil
}

// hasRunOut reports whether a failure means that the session used is not valid (any more).
func hasRunOut(err *core.Error) bool {
	return err.Status == 401 || (err.Status == 400 && strings.HasPrefix(err.Reason, "Malformed AuthSession"))
}

// isWrongPassword tells a wrong name or password from a lack of permission, which CouchDB answers with 401 as well.
func isWrongPassword(err *core.Error) bool {
	return err.Status == 401 && strings.HasPrefix(err.Reason, "Name or password is incorrect")
}
