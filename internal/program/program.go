// Package program finds the programs of other makers that tests talk to.
package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Path returns where a program is, and skips the test where there is none.
func Path(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not in everybody's path
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("needs the program " + name)
	return ""
}
