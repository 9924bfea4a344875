// Package javascript runs the functions of design documents natively: an interpreter, goja, in the environment that CouchDB gives them, with emit, sum, log, isArray and
// toJSON, and without require. In browsers and Node the host's own JavaScript runs them, not this package.
//
// Each design document has an interpreter of its own, which nothing outside is reachable from. Functions are bounded in time and in the depth of calls, documents and
// results; source code is not made of text at run time (there is no eval, as in CouchDB). What is not bounded is memory: functions that somebody hostile wrote belong into a process
// of their own.
package javascript
