package rdns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// systemServers returns the resolvers of the system.
func systemServers() ([]string, error) {
	f, err := os.Open("/etc/resolv.conf")
	if err != nil {
		return nil, fmt.Errorf("%w: give Servers", err)
	}
	defer func() { _ = f.Close() }()
	servers, err := readServers(f)
	if err != nil {
		return nil, fmt.Errorf("/etc/resolv.conf: %w: give Servers", err)
	}
	return servers, nil
}

func readServers(r io.Reader) (servers []string, err error) {
	in := bufio.NewScanner(r)
	for in.Scan() {
		if words := strings.Fields(in.Text()); len(words) > 1 && words[0] == "nameserver" {
			servers = append(servers, net.JoinHostPort(words[1], "53"))
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	if len(servers) == 0 {
		return nil, errors.New("there is no nameserver in it")
	}
	return servers, nil
}
