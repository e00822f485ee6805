//go:build linux

package attach

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Selection says which interfaces are meant.
type Selection struct {
	names    []string
	patterns []string
}

// Select returns the interfaces with these names. One with a * ? or [ in it is a
// pattern, as path.Match has them. No names mean every interface but the loopback.
func Select(names ...string) (Selection, error) {
	var s Selection
	var errs []error
	for _, n := range names {
		switch {
		case n == "":
			errs = append(errs, errors.New("the name of an interface is empty"))
		case strings.ContainsAny(n, `*?[\`):
			if _, err := path.Match(n, ""); err != nil {
				errs = append(errs, fmt.Errorf("pattern %q for interfaces: %w", n, err))
			}
			s.patterns = append(s.patterns, n)
		case len(n) > 15 || strings.ContainsAny(n, "/: \t\n"):
			errs = append(errs, fmt.Errorf("%q cannot be the name of an interface", n))
		default:
			s.names = append(s.names, n)
		}
	}
	return s, errors.Join(errs...)
}

// has reports whether an interface is meant.
func (s Selection) has(i Interface) bool {
	if len(s.names)+len(s.patterns) == 0 {
		return i.Type != loopback
	}
	return slices.Contains(s.names, i.Name) || slices.ContainsFunc(s.patterns, func(p string) bool {
		ok, _ := path.Match(p, i.Name)
		return ok
	})
}

// named reports whether an interface is meant by its whole name.
func (s Selection) named(name string) bool { return slices.Contains(s.names, name) }
