package main

import (
	"errors"
	"flag"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/server"
)

// passwordVariable is the environment variable that holds the administrator's password: unlike an argument, other users of
// the machine cannot see it.
const passwordVariable = "GOUCHDB_ADMIN_PASSWORD"

// serveSettings are the flags of serve, checked.
type serveSettings struct {
	addr            string
	dir             string
	memory          bool
	admin, password string
	noAuth          bool
	origins         []string
	static          string
	create          []string
	tlsCert, tlsKey string
	logLevel        slog.Level

	maxDocumentBytes                           int
	maxRequestBytes, maxAttachmentBytes        int64
	ioTimeout, sessionTimeout, shutdownTimeout time.Duration
}

// databases is the directory with the databases' files.
func (s *serveSettings) databases() string { return filepath.Join(s.dir, "databases") }

func parseServe(p process, flags *flag.FlagSet, args []string) (*serveSettings, error) {
	s := &serveSettings{}
	flags.StringVar(&s.addr, "addr", "127.0.0.1:5984", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&s.dir, "dir", "", "keep the databases in this `directory`")
	flags.BoolVar(&s.memory, "memory", false, "keep the databases in memory: they are gone when the server ends")
	flags.StringVar(&s.admin, "admin", "admin", "`name` of the administrator; the password comes from $"+passwordVariable+" or from --admin-password-file")
	passwordFile := flags.String("admin-password-file", "", "`file` whose first line is the administrator's password")
	flags.BoolVar(&s.noAuth, "no-auth", false, "let everybody do everything; only for a loopback address")
	reckless := flags.Bool("i-know-that-anybody-can-delete-everything", false, "allow --no-auth on an address that others can reach")
	origins := flags.String("cors", "", "comma-separated web `origins` whose pages may use the server, such as https://app.example.com; * lets all in, without credentials")
	flags.StringVar(&s.static, "static", "", "serve the web application in this `directory` at /_app/")
	create := flags.String("create", "", "comma-separated `names` of databases to make when they are not there")
	flags.StringVar(&s.tlsCert, "tls-cert", "", "`file` with the certificate, for HTTPS")
	flags.StringVar(&s.tlsKey, "tls-key", "", "`file` with the certificate's key")
	flags.IntVar(&s.maxDocumentBytes, "max-document-bytes", server.DefaultMaxDocumentSize, "the largest document, in `bytes` of JSON without its attachments")
	flags.Int64Var(&s.maxRequestBytes, "max-request-bytes", server.DefaultMaxRequestBytes, "the largest request body that has to be held in memory, in `bytes`")
	flags.Int64Var(&s.maxAttachmentBytes, "max-attachment-bytes", server.DefaultMaxAttachmentBytes, "the largest attachment, in `bytes`")
	flags.DurationVar(&s.ioTimeout, "io-timeout", server.DefaultIOTimeout, "the `time` that a client may take to send or receive the next piece of a body")
	flags.DurationVar(&s.sessionTimeout, "session-timeout", server.DefaultSessionTimeout, "the `time` after which a session that is not used ends")
	flags.DurationVar(&s.shutdownTimeout, "shutdown-timeout", 10*time.Second, "the `time` that requests have to end in after an interrupt or SIGTERM, before they are cut off")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "`level` of what is logged: DEBUG shows each request")
	if _, err := parse(flags, args, 0); err != nil {
		return nil, err
	}
	s.origins, s.create = split(*origins), split(*create)
	if err := s.readPassword(p, *passwordFile); err != nil {
		return nil, err
	}
	if err := s.checkLimits(); err != nil {
		return nil, err
	}
	return s, s.check(*reckless)
}

// checkLimits refuses limits under which nothing could be done.
func (s *serveSettings) checkLimits() error {
	for flag, limit := range map[string]int64{
		"--max-document-bytes": int64(s.maxDocumentBytes), "--max-request-bytes": s.maxRequestBytes, "--max-attachment-bytes": s.maxAttachmentBytes,
		"--io-timeout": int64(s.ioTimeout), "--session-timeout": int64(s.sessionTimeout), "--shutdown-timeout": int64(s.shutdownTimeout),
	} {
		if limit <= 0 {
			return usageError{flag + " must be greater than zero"}
		}
	}
	return nil
}

func split(list string) []string {
	var items []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (s *serveSettings) readPassword(p process, file string) error {
	s.password = p.getenv(passwordVariable)
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s.password, _, _ = strings.Cut(string(text), "\n")
	s.password = strings.TrimSuffix(s.password, "\r")
	if s.password == "" {
		return errors.New("the first line of the password file is empty")
	}
	return nil
}

// check refuses flags that contradict each other, and a server that is open to the world by mistake.
func (s *serveSettings) check(reckless bool) error {
	switch {
	case s.memory == (s.dir != ""):
		return usageError{"either --dir or --memory says where the databases are kept"}
	case s.noAuth && s.password != "":
		return usageError{"--no-auth, and an administrator's password: only one of them can be meant"}
	case !s.noAuth && s.password == "":
		return usageError{"there is no administrator's password: set $" + passwordVariable + ", or say --no-auth to let everybody in"}
	case s.noAuth && !s.loopback() && !reckless:
		return usageError{"--no-auth would let everybody who can reach " + s.addr + " do everything"}
	case s.admin == "" || strings.Contains(s.admin, ":"):
		return usageError{"--admin takes a name, without a colon: the password does not belong on a command line"}
	case (s.tlsCert == "") != (s.tlsKey == ""):
		return usageError{"--tls-cert and --tls-key go together"}
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		return usageError{"--addr takes host:port, such as 127.0.0.1:5984"}
	}
	if s.static != "" {
		if info, err := os.Stat(s.static); err != nil || !info.IsDir() {
			return usageError{"--static " + s.static + " is not a directory"}
		}
	}
	return nil
}

// loopback reports whether only this machine can reach the address.
func (s *serveSettings) loopback() bool {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
