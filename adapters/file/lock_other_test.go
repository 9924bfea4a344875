//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package file

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestLockFiles(t *testing.T) {
	cases := []struct {
		name, owner string
		locked      bool
	}{
		{"this process", fmt.Sprintln(os.Getpid(), processStart()), true},
		{"an earlier process with the same id", fmt.Sprintln(os.Getpid(), processStart()-1000), false},
		{"a process that has died", fmt.Sprintln(1<<30, processStart()), false},
		{"the process that started this one", fmt.Sprintln(os.Getppid(), processStart()), true},
		{"nothing that can be read", "x", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			require.NoError(t, os.WriteFile(path+".lock", []byte(c.owner), 0o600))
			device, err := openDevice(path, plain)
			if c.locked {
				require.ErrorIs(t, err, core.ErrLocked)
				assert.NoFileExists(t, path, "and nothing was made")
				return
			}
			require.NoError(t, err)
			_, err = openDevice(path, plain)
			require.ErrorIs(t, err, core.ErrLocked)
			require.NoError(t, device.Close())
			assert.Equal(t, []string{filepath.Base(path)}, list(t, filepath.Dir(path)))
		})
	}
}
