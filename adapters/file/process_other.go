//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || js)

package file

import (
	"os"
	"time"
)

var started = time.Now().Unix()

// processStart returns when this process was started, in seconds, about.
func processStart() int64 { return started }

// isOpen: here nothing but the end of the process ends what it has open.
func isOpen(int, string) bool { return true }

// processExists reports whether there is a process with this id.
func processExists(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release()
	return true
}
