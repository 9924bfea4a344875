package fetchhttp

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// DB is a database on a remote server. It implements [core.Adapter].
type DB struct {
	at      address
	options Options // without User and Password
	auth    *authenticator
	ownDoer bool

	life context.Context // ends with Close
	end  context.CancelFunc

	flights flights

	// bulkGetKnown is set once a _bulk_get was answered properly; noBulkGetUntil, in Unix seconds, while the server is taken not to have it.
	bulkGetKnown   atomic.Bool
	noBulkGetUntil atomic.Int64
}

var _ core.Adapter = (*DB)(nil)

// Open opens the database at rawURL, "https://user:password@host/path/name": name, path and credentials percent-encoded, all but
// host and name optional. Unless the options say otherwise it asks the server for the database, so that a wrong password, a missing database, or a
// server that is something else is found out here.
//
// Errors: ErrBadRequest (the URL, the options), ErrNoDatabase, ErrUnauthorized, ErrUnreachable, ErrNotCouchDB.
func Open(ctx context.Context, rawURL string, options Options) (*DB, error) {
	at, user, password, err := parseAddress(rawURL)
	if err != nil {
		return nil, err
	}
	if options.Create && options.SkipSetup {
		return nil, core.ErrBadRequest.Because("the options Create and SkipSetup exclude each other")
	}
	if options.Auth != BasicAuth && options.Auth != CookieAuth {
		return nil, core.ErrBadRequest.Because("the option Auth is neither BasicAuth nor CookieAuth")
	}
	if options.User != "" {
		user, password = options.User, options.Password
	}
	db := &DB{at: at, ownDoer: options.Doer == nil, options: options.withDefaults(), auth: newAuthenticator(options.Auth, user, password)}
	db.options.User, db.options.Password = "", ""
	db.options.Header = make(map[string]string, len(options.Header))
	for name, value := range options.Header {
		db.options.Header[strings.ToLower(name)] = value
	}
	db.life, db.end = context.WithCancel(context.Background())
	if options.SkipSetup {
		return db, nil
	}
	_, err = db.Info(ctx)
	if options.Create && isNoDatabase(err) {
		err = db.create(ctx)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// create makes the database. That somebody else was first is as good.
func (db *DB) create(ctx context.Context) error {
	_, err := db.ask(ctx, call{method: "PUT"})
	if errors.Is(err, core.ErrExists) {
		return nil
	}
	return err
}

// PouchID returns by what PouchDB's replicator knows the database: the server's uuid with the name, or the URL where the server has none.
func (db *DB) PouchID(ctx context.Context) (string, error) {
	text, err := db.ask(ctx, call{method: "GET", path: "/", server: true})
	if uuid, ok := rawjson.Text(rawjson.Member(text, "uuid")); ok && err == nil && uuid != "" {
		return uuid + escape(db.at.name), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return db.at.database() + "/", nil
}

// Identity returns the URL of the database without credentials.
func (db *DB) Identity(context.Context) (string, error) { return db.at.database(), nil }

// String returns the URL of the database without credentials, so that printing a DB gives nothing away.
func (db *DB) String() string { return db.at.database() }

// GoString is [DB.String] for %#v.
func (db *DB) GoString() string { return db.String() }

// Close ends what is going on with ErrClosed.
func (db *DB) Close() error {
	db.end()
	if doer, ok := db.options.Doer.(interface{ CloseIdleConnections() }); ok && db.ownDoer {
		doer.CloseIdleConnections()
	}
	return nil
}

// Destroy deletes the database on the server and closes this one.
func (db *DB) Destroy(ctx context.Context) error {
	if _, err := db.ask(ctx, call{method: "DELETE"}); err != nil {
		return err
	}
	return db.Close()
}
