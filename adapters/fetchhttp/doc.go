// Package fetchhttp makes a remote CouchDB, or anything that answers as one does, a [core.Adapter].
//
// The protocol is plain Go over a [Doer], which sends one request: net/http natively, the host's fetch in WebAssembly. Nothing here is
// done twice by itself: a write is sent once, and what fails is reported so that the caller, usually the replicator, can decide. The two
// exceptions are safe by nature: a session that has run out is renewed once, and a redirect is followed.
//
// Credentials are taken out of the URL at the door. They are sent to the origin that was opened and to no other, and they are in no error,
// no identity and no printed value.
//
// Errors are *[core.Error]. A server that gives no answer, or stops in the middle of one, is an ErrUnreachable; one that answers with anything but
// CouchDB's JSON is an ErrNotCouchDB; 405, 408, 413, 414, 429 and 501 keep their status, whoever sent them. Where the server
// said how long to wait, the chain holds a *[RetryAfterError].
//
// What it cannot do: attachments travel as stubs only.
package fetchhttp
