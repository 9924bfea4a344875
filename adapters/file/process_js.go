//go:build js

package file

import (
	"math"
	"syscall"
	"syscall/js"
)

// isOpen reports whether this process has the file at path open under a number.
func isOpen(number int, path string) bool {
	var opened, there syscall.Stat_t
	return syscall.Fstat(number, &opened) == nil && syscall.Stat(path, &there) == nil && opened.Dev == there.Dev && opened.Ino == there.Ino
}

// processStart returns when this process was started, in seconds.
func processStart() int64 {
	now := js.Global().Get("Date").Call("now").Float() / 1000
	return int64(math.Round(now - js.Global().Get("process").Call("uptime").Float()))
}

// processExists asks Node to send no signal at all, which fails when there is nobody to send it to.
func processExists(pid int) (exists bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			problem, ok := thrown.(js.Error)
			// EPERM: it is there, and somebody else's.
			exists = ok && problem.Value.Get("code").String() == "EPERM"
		}
	}()
	js.Global().Get("process").Call("kill", pid, 0)
	return true
}
