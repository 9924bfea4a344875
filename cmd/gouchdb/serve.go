package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

// serve answers CouchDB's HTTP API until the context ends.
func serve(ctx context.Context, p process, flags *flag.FlagSet, args []string) (err error) {
	settings, err := parseServe(p, flags, args)
	if err != nil {
		return err
	}
	if !settings.memory {
		unlock, err := lockDirectory(settings.databases())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	options, err := settings.serverOptions(p)
	if err != nil {
		return err
	}
	handler, err := server.New(options)
	if err != nil {
		return err
	}
	err = listenAndServe(ctx, p, settings, handler, options.Logger)
	return errors.Join(err, handler.Close())
}

// lockDirectory makes the directory of the databases when it is not there, and keeps other servers out of it. It fails as well where nothing can be written.
func lockDirectory(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	unlock, err = file.Lock(filepath.Join(dir, "server.lock"))
	if errors.Is(err, core.ErrLocked) {
		return nil, fmt.Errorf("another server is using the data directory: %s is locked", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the data directory cannot be written: %w", err)
	}
	return unlock, nil
}

func listenAndServe(ctx context.Context, p process, settings *serveSettings, handler *server.Server, logger *slog.Logger) error {
	for _, name := range settings.create {
		if err := handler.CreateDatabase(ctx, name); err != nil && !errors.Is(err, core.ErrExists) {
			return fmt.Errorf("creating the database %q: %w", name, err)
		}
	}
	certificates, err := settings.certificates()
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.addr)
	if err != nil {
		return err
	}
	httpServer := newHTTPServer(handler, certificates, logger)
	httpServer.RegisterOnShutdown(handler.Drain)
	return serveOn(ctx, p, settings, listener, httpServer, logger)
}

// newHTTPServer returns a server that no client keeps busy by being slow: HTTPS with certificates, HTTP without.
func newHTTPServer(handler http.Handler, certificates []tls.Certificate, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12},
	}
}

// serveOn returns when the context has ended and what was under way with it, or when the listener fails.
func serveOn(ctx context.Context, p process, settings *serveSettings, listener net.Listener, httpServer *http.Server, logger *slog.Logger) error {
	failed := make(chan error, 1)
	go func() {
		if settings.tlsCert != "" {
			failed <- httpServer.ServeTLS(listener, "", "")
		} else {
			failed <- httpServer.Serve(listener)
		}
	}()
	printAddress(p, settings, listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	logger.Info("ending: no new requests, changes feeds end, other requests may", slog.Duration("within", settings.shutdownTimeout))
	// The context has ended; what is left gets a time of its own.
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), settings.shutdownTimeout)
	defer cancel()
	if err := httpServer.Shutdown(rest); err != nil {
		logger.Warn("requests that did not end in time are cut off", slog.Duration("within", settings.shutdownTimeout))
		_ = httpServer.Close()
	}
	return nil
}

// certificates returns nil for HTTP.
func (s *serveSettings) certificates() ([]tls.Certificate, error) {
	if s.tlsCert == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("reading --tls-cert and --tls-key: %w", err)
	}
	return []tls.Certificate{certificate}, nil
}

func printAddress(p process, settings *serveSettings, address string) {
	scheme := "http"
	if settings.tlsCert != "" {
		scheme = "https"
	}
	url := scheme + "://" + address + "/"
	_, _ = fmt.Fprintf(p.stdout, "GouchDB %s listens on %s\n", version(), url)
	if settings.static != "" {
		_, _ = fmt.Fprintf(p.stdout, "The application is at %s_app/\n", url)
	}
	if settings.noAuth {
		_, _ = fmt.Fprintln(p.stdout, "Everybody who can reach this address may read, change and delete everything.")
	}
}

// serverOptions turns the flags into the server's options.
func (s *serveSettings) serverOptions(p process) (server.Options, error) {
	options := server.Options{
		Origins:        s.origins,
		AllowAnonymous: s.noAuth,
		Version:        version(),

		MaxRequestBytes:    s.maxRequestBytes,
		MaxAttachmentBytes: s.maxAttachmentBytes,
		MaxDocumentSize:    s.maxDocumentBytes,
		IOTimeout:          s.ioTimeout,
		SessionTimeout:     s.sessionTimeout,

		Logger: slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: s.logLevel})),
	}
	if s.noAuth && s.loopback() {
		host, _, _ := net.SplitHostPort(s.addr)
		options.Hosts = []string{"localhost", "127.0.0.1", "::1", host}
	}
	if s.static != "" {
		options.Static = http.Dir(s.static)
	}
	if s.password != "" {
		hash, err := server.HashPassword(s.password, p.iterations)
		if err != nil {
			return options, err
		}
		options.Users = []server.User{{Name: s.admin, PasswordHash: hash, Roles: []string{"_admin"}}}
	}
	scripts := javascript.New(javascript.Options{Log: func(message string) { options.Logger.Info("a function of a design document: " + message) }})
	options.Validators = scripts
	if s.memory {
		options.Databases = server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
			return memory.OpenWith(ctx, docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: scripts})
		})
		return options, nil
	}
	var err error
	options.Databases, err = server.Directory(s.databases(), func(ctx context.Context, path string) (core.Adapter, error) {
		return file.Open(ctx, path, file.Options{Docs: docstore.Options{Regexp: regexps.Compile, Scripts: scripts}})
	})
	if err != nil {
		return options, err
	}
	identity, err := loadIdentity(s.dir)
	options.UUID, options.CookieSecret = identity.UUID, []byte(identity.CookieSecret)
	return options, err
}
