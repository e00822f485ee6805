package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// asMain has the test be the program.
const asMain = "FLOWDUMP_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// text is what a program prints.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *text) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *text) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// TestInterface prints the flows of an interface until it is interrupted.
func TestInterface(t *testing.T) {
	a, _ := netnstest.Pair(t)
	var datagrams net.Conn
	a.Inside(t, func() (err error) {
		datagrams, err = net.Dial("udp", "10.0.0.2:9")
		return err
	})
	defer func() { _ = datagrams.Close() }()
	for flag, want := range map[string]string{"": "10.0.0.1 → 10.0.0.2 8/0 [→ va], ICMP", "-json": `"out_if_name":"va"`, "-top": "10.0.0.2 → 10.0.0.1, ICMP", "-p": ", by flowdump.test/"} {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, os.Args[0], append(strings.Fields(flag), "va", "(icmp or port 9) and address 10.0.0.1")...)
		cmd.Env = append(os.Environ(), asMain+"=1")
		var out, notes text
		cmd.Stdout, cmd.Stderr = &out, &notes
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		a.Inside(t, cmd.Start)
		netnstest.Eventually(t, func() bool {
			if strings.Contains(notes.String(), "operation not permitted") {
				t.Skip(notes.String())
			}
			a.Ping(t, "10.0.0.2", 1, 0)
			_, _ = datagrams.Write(nil) // nobody listens
			return strings.Contains(out.String(), want)
		}, want)
		cancel()
		_ = cmd.Wait()
		require.Regexp(t, `[1-9]\d* flows, [1-9]\d* packets, [1-9]\d* bytes; \d+ packets that are no IP; 0 packets lost\n$`, notes.String())
	}
}
