package server

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// Options configure a [Server]. Databases must be set, and either Users or AllowAnonymous.
type Options struct {
	// Databases is where databases come from. The server opens each once, shares it, and closes it; nobody else may have it open.
	Databases Databases
	// MaxOpenDatabases is how many databases stay open without being used. 0: 100.
	MaxOpenDatabases int

	// Users may log in. At least one should have the role "_admin".
	Users []User
	// AllowAnonymous makes everybody an administrator who does not log in. It is for tests and for servers that only
	// their owner can reach.
	AllowAnonymous bool
	// CookieSecret signs session cookies. Nil: a random one, so that sessions end with the process.
	CookieSecret []byte
	// SessionTimeout is how long a session lasts without being used. 0: ten minutes, as in CouchDB.
	SessionTimeout time.Duration

	// Hosts, when not empty, are the only names or addresses, without ports, that requests may be addressed to. It keeps web
	// pages elsewhere from reaching an open server on this machine through a name of their own that leads here.
	Hosts []string
	// Origins are the web origins ("https://app.example.com") whose pages may use this server with credentials. "*" lets
	// all others in too, without credentials.
	Origins []string

	// MaxRequestBytes limits the body of a request that has to be held, before and after it is uncompressed. 0: 64 MiB.
	MaxRequestBytes int64
	// MaxAttachmentBytes limits a body that is stored as it arrives: an attachment, or a document with its attachments behind it. 0: 1 GiB, as in CouchDB.
	MaxAttachmentBytes int64
	// MaxDocumentSize limits one document's JSON text. 0: 8,000,000, as in CouchDB.
	MaxDocumentSize int
	// IOTimeout is how long a client may take to send or receive the next piece of a body. 0: one minute.
	IOTimeout time.Duration
	// FeedTimeout is how long a waiting changes feed stays silent before it ends, when the client does not ask for heartbeats. 0: one minute, as in CouchDB.
	FeedTimeout time.Duration

	// Validators runs the validate_doc_update of design documents; package javascript has such. Nil: documents of a database that has one cannot be written.
	Validators core.Validators

	// Static is served below /_app/: a web application that uses the databases beside it. Browsers that open / are sent there.
	Static http.FileSystem

	// UUID identifies this server to replicators: it should stay the same as long as its databases do. Empty: a random one.
	UUID string
	// Version is what the server says of itself.
	Version string
	// Logger takes what an operator should know, and each request on level debug. It never sees credentials. Nil: nothing is logged.
	Logger *slog.Logger
}

// What [Options] are when they are not set.
const (
	DefaultSessionTimeout     = 10 * time.Minute
	DefaultMaxRequestBytes    = 64 << 20
	DefaultMaxAttachmentBytes = 1 << 30
	DefaultMaxDocumentSize    = 8_000_000
	DefaultIOTimeout          = time.Minute
)

func (options Options) withDefaults() (Options, error) {
	if options.Databases == nil {
		return options, core.ErrBadRequest.Because("Databases is not set")
	}
	if len(options.Users) == 0 && !options.AllowAnonymous {
		return options, core.ErrBadRequest.Because("Users is empty: nobody could use the server (AllowAnonymous lets everybody in)")
	}
	if options.MaxOpenDatabases < 0 || options.SessionTimeout < 0 || options.MaxRequestBytes < 0 || options.MaxAttachmentBytes < 0 || options.MaxDocumentSize < 0 || options.IOTimeout < 0 || options.FeedTimeout < 0 {
		return options, core.ErrBadRequest.Because("limits and times must not be negative")
	}
	for _, origin := range options.Origins {
		if origin != "*" && !isOrigin(origin) {
			return options, core.ErrBadRequest.Because("Origins: " + origin + " is not an origin as browsers write it, such as https://app.example.com")
		}
	}
	setDefault(&options.MaxOpenDatabases, 100)
	setDefault(&options.SessionTimeout, DefaultSessionTimeout)
	setDefault(&options.MaxRequestBytes, DefaultMaxRequestBytes)
	setDefault(&options.MaxAttachmentBytes, DefaultMaxAttachmentBytes)
	setDefault(&options.MaxDocumentSize, DefaultMaxDocumentSize)
	setDefault(&options.IOTimeout, DefaultIOTimeout)
	setDefault(&options.FeedTimeout, time.Minute)
	setDefault(&options.UUID, newUUID())
	setDefault(&options.Version, "dev")
	if options.CookieSecret == nil {
		options.CookieSecret = []byte(newUUID() + newUUID())
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return options, nil
}

// isOrigin reports whether a browser may send this as an origin: without a path, a user, capital letters or a port that goes without saying. Anything else would
// never match.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && text == strings.ToLower(u.Scheme+"://"+u.Host) &&
		!(u.Scheme == "https" && u.Port() == "443") && !(u.Scheme == "http" && u.Port() == "80") && !strings.HasSuffix(text, ":")
}

func setDefault[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}
