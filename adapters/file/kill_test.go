//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package file

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// childPath tells the test binary that it is the child that writes until it is killed.
const childPath = "GOUCHDB_TEST_WRITE_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver commits, and prints the number of each commit that was acknowledged.
func writeForEver(path string) error {
	store, err := OpenStore(context.Background(), path, tiny)
	if err != nil {
		return err
	}
	entries, err := read(store)
	if err != nil {
		return err
	}
	begin := -1
	if len(entries) > 0 {
		if begin, err = strconv.Atoi(entries["n"]); err != nil {
			return err
		}
	}
	for i := begin + 1; ; i++ {
		if err := commit(store, i); err != nil {
			return err
		}
		fmt.Println(i)
		if i%20 == 19 {
			if err := store.Compact(context.Background()); err != nil {
				return err
			}
		}
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	previous := -1
	for range 8 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childPath+"="+path)
		output, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(output)
		acknowledged := previous
		for wait := 1 + rand.IntN(30); wait > 0 && lines.Scan(); wait-- {
			acknowledged = number(t, lines.Text())
		}
		require.NoError(t, child.Process.Kill())
		for lines.Scan() { // what it had printed before it died
			if strings.TrimSpace(lines.Text()) != "" {
				acknowledged = number(t, lines.Text())
			}
		}
		require.Error(t, child.Wait(), "it was killed")
		require.Greater(t, acknowledged, previous)

		store, err := OpenStore(context.Background(), path, tiny)
		require.NoError(t, err, "the lock has died with the process")
		got := everything(t, store)
		require.NoError(t, store.Close())
		found := number(t, got["n"])
		require.GreaterOrEqual(t, found, acknowledged, "what was acknowledged is there")
		require.LessOrEqual(t, found, acknowledged+1)
		require.Equal(t, entriesAfter(found), got, "and it is whole")
		previous = found
	}
}

func TestALockOnAFileThatWasReplaced(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	old, held, err := openLocked(path)
	require.NoError(t, err)
	slow, err := os.OpenFile(path, os.O_RDWR, 0) // another opener, which has opened the file but has not got to lock it
	require.NoError(t, err)
	next, err := os.Create(rewritePath(path))
	require.NoError(t, err)
	require.NoError(t, held.replace(next, rewritePath(path), path))
	require.NoError(t, old.Close())
	current, err := lockFile(slow, path)
	require.NoError(t, err)
	require.False(t, current, "its lock is on a file that nobody will see again")
	_, _, err = openLocked(path)
	require.ErrorIs(t, err, core.ErrLocked)
	require.NoError(t, slow.Close())
	require.NoError(t, held.close(next))
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
