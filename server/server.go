package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// Server answers CouchDB's HTTP API. It is an [http.Handler].
type Server struct {
	options  Options
	pool     *pool
	users    *users
	sessions *sessions

	draining chan struct{} // closed by Drain
	drain    sync.Once
	ctx      context.Context // of work that outlives its request
	stop     context.CancelFunc
	running  running
}

// New makes a Server. It fails with an ErrBadRequest that names the option which is wrong.
func New(options Options) (*Server, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	users, err := newUsers(options.Users)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options:  options,
		pool:     newPool(options.Databases, options.MaxOpenDatabases),
		users:    users,
		sessions: &sessions{secret: options.CookieSecret, timeout: options.SessionTimeout, users: users},
		draining: make(chan struct{}),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Drain ends all changes feeds with their last sequence, also those that begin later. It is for
// [http.Server.RegisterOnShutdown]: Shutdown would wait for the feeds otherwise.
func (s *Server) Drain() {
	s.drain.Do(func() { close(s.draining) })
}

// Close drains the server, waits for requests that are being answered, and closes the databases.
func (s *Server) Close() error {
	s.Drain()
	s.running.wait()
	s.stop()
	s.pool.background.Wait()
	return s.pool.close()
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	answer := &answer{ResponseWriter: w, controller: http.NewResponseController(w), timeout: s.options.IOTimeout}
	req := &request{Request: r, server: s, answer: answer}
	if !s.running.add() {
		req.fail(errShuttingDown)
		return
	}
	defer s.running.done()
	defer answer.setDeadline()
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			req.fail(core.ErrInternal.From(fmt.Errorf("panic: %v", cause)))
		}
		// The path may be logged, the query and the headers not: tokens and passwords have been seen in both.
		s.options.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()),
			slog.Int("status", answer.status), slog.Duration("took", time.Since(started)), slog.String("user", req.user.Name))
	}()
	if err := req.serve(); err != nil {
		req.fail(err)
	}
}

// running counts the requests that are being answered.
type running struct {
	mu     sync.Mutex
	count  int
	closed bool
	idle   chan struct{}
}

func (r *running) add() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.count++
	return true
}

func (r *running) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count--
	if r.count == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// wait lets no further request begin and returns when there is none left.
func (r *running) wait() {
	r.mu.Lock()
	r.closed = true
	if r.count == 0 {
		r.mu.Unlock()
		return
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	<-idle
}

func newUUID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return hex.EncodeToString(raw[:])
}

// CreateDatabase makes a database, as an administrator's PUT request does. It returns ErrExists when there is one.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	_, release, err := s.pool.create(ctx, name)
	if err != nil {
		return err
	}
	release()
	return nil
}
