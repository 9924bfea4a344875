// Package regexps runs the patterns of $regex with the engine that is at hand: JavaScript's own in WebAssembly, a backtracking one
// in Go elsewhere. [Compile] is a mango.Engine.
package regexps
