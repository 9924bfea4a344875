// Package regexps runs the patterns of $regex with the engine that is at hand: JavaScript's own in WebAssembly, package backtrack elsewhere.
// [Compile] is a mango.Engine.
package regexps
