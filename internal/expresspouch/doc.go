// Package expresspouch starts express-pouchdb for tests: PouchDB behind CouchDB's HTTP API, and so a second opinion on what a peer may answer.
package expresspouch
