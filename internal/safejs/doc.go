// Package safejs calls JavaScript and returns what it throws as an error, where syscall/js panics.
//
// It has the shape of github.com/hack-pad/safejs, as far as this project uses that, so that one can take the place of the other. That one brings
// fmt and os, 70 kilobytes of what a page has to load; this one brings nothing.
package safejs
