// Package engine runs what JavaScript asks for. A call comes in as JSON text and is answered once, with JSON text or a failure;
// in between it may report events. Everything else that crosses the boundary is somebody else's business: the package knows
// nothing of JavaScript and is tested natively.
//
// A request is an array: the operation's name, the handle of the database (0 for none), an object of options, and what is too large
// for options, documents mostly:
//
//	["put", 3, {}, {"_id": "a", "title": "x"}]
//
// Requests begin in the order in which they were submitted and overlap from their first wait on.
package engine
