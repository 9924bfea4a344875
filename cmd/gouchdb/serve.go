package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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

// shutdownTime is how long requests may take to end after a signal.
const shutdownTime = 10 * time.Second

// serve answers CouchDB's HTTP API until the context ends.
func serve(ctx context.Context, p process, flags *flag.FlagSet, args []string) error {
	settings, err := parseServe(p, flags, args)
	if err != nil {
		return err
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

func listenAndServe(ctx context.Context, p process, settings *serveSettings, handler *server.Server, logger *slog.Logger) error {
	for _, name := range settings.create {
		if err := handler.CreateDatabase(ctx, name); err != nil && !errors.Is(err, core.ErrExists) {
			return fmt.Errorf("creating the database %q: %w", name, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.addr)
	if err != nil {
		return err
	}
	httpServer := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	httpServer.RegisterOnShutdown(handler.Drain)
	failed := make(chan error, 1)
	go func() {
		if settings.tlsCert != "" {
			failed <- httpServer.ServeTLS(listener, settings.tlsCert, settings.tlsKey)
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
	// The context has ended; what is left gets a time of its own.
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := httpServer.Shutdown(rest); err != nil {
		_ = httpServer.Close()
		return fmt.Errorf("requests did not end in time: %w", err)
	}
	return nil
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
		Origins:         s.origins,
		AllowAnonymous:  s.noAuth,
		MaxRequestBytes: s.maxRequestBytes,
		Version:         version(),
		Logger:          slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: s.logLevel})),
	}
	if s.noAuth && s.loopback() {
		options.Hosts = []string{"localhost", "127.0.0.1", "::1"}
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
	if s.memory {
		options.Databases = server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
			return memory.OpenWith(ctx, docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: scripts})
		})
		return options, nil
	}
	var err error
	options.Databases, err = server.Directory(filepath.Join(s.dir, "databases"), func(ctx context.Context, path string) (core.Adapter, error) {
		return file.Open(ctx, path, file.Options{Docs: docstore.Options{Regexp: regexps.Compile, Scripts: scripts}})
	})
	if err != nil {
		return options, err
	}
	identity, err := loadIdentity(s.dir)
	options.UUID, options.CookieSecret = identity.UUID, []byte(identity.CookieSecret)
	return options, err
}
