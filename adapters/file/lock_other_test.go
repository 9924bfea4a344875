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
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	elsewhere, err := os.Open(other)
	require.NoError(t, err)
	defer func() { assert.NoError(t, elsewhere.Close()) }()
	cases := []struct {
		name, owner string
		locked      bool
	}{
		{"another thread of this process, which has ended", fmt.Sprintln(os.Getpid(), processStart(), 1<<20), false},
		{"one that has ended, and another file is open under its number", fmt.Sprintln(os.Getpid(), processStart(), elsewhere.Fd()), false},
		{"an earlier process with the same id", fmt.Sprintln(os.Getpid(), processStart()-1000, 3), false},
		{"a process that has died", fmt.Sprintln(1<<30, processStart(), 3), false},
		{"the process that started this one", fmt.Sprintln(os.Getppid(), processStart(), 3), true},
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
