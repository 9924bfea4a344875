// Package rawjson reads and writes JSON as text, without building values.
//
// A document stays the bytes it came as: text from outside is checked once, by [Validate], with
// CouchDB's strictness, and from then on it is scanned, not decoded. All other functions expect text
// that Validate has accepted; on anything else they stop early, but never panic or read out of bounds.
// Nothing here recurses, so the depth of a document is bounded by its size alone.
package rawjson
