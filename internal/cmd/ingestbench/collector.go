package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// receiveBuffer is what every collector asks the kernel for, in bytes.
const receiveBuffer = 4 << 20

// collector is one of those that are compared.
type collector struct {
	name   string
	role   string // of a child of this program; "" for nfcapd
	nfcapd string // where nfcapd is
}

// running is a collector as it runs.
type running struct {
	cmd  *exec.Cmd
	port int
	quit func() error // asks it to end
	out  bytes.Buffer // of nfcapd
	told io.Reader    // of a child
	dir  string
}

// start runs a collector and waits until it listens.
func (c *collector) start(dir string) (*running, error) {
	dir, err := os.MkdirTemp(dir, "ingestbench")
	if err != nil {
		return nil, err
	}
	r := &running{dir: dir}
	if c.role == "" {
		err = r.nfcapd(c.nfcapd)
	} else {
		err = r.child(strings.ReplaceAll(c.role, "DIR", dir))
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return r, nil
}

// self returns a command that runs this program in a role.
func self(as string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func (r *running) child(as string) (err error) {
	if r.cmd, err = self(as); err != nil {
		return err
	}
	stdin, err := r.cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return err
	}
	r.quit = stdin.Close
	lines := bufio.NewReader(stdout)
	r.told = lines
	line, err := lines.ReadString('\n')
	if err == nil {
		r.port, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		_ = stdin.Close()
		return fmt.Errorf("it does not listen: %w", errors.Join(err, r.cmd.Wait()))
	}
	return nil
}

func (r *running) nfcapd(path string) error {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	r.port = conn.LocalAddr().(*net.UDPAddr).Port
	if err := conn.Close(); err != nil {
		return err
	}
	r.cmd = exec.Command(path, "-b", "127.0.0.1", "-p", strconv.Itoa(r.port), "-w", r.dir, "-t", "3600", "-B", strconv.Itoa(receiveBuffer))
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	if err := r.cmd.Start(); err != nil {
		return err
	}
	r.quit = func() error { return r.cmd.Process.Signal(syscall.SIGINT) }
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, ok := socketAt(r.port); ok {
			return nil
		}
		if time.Now().After(deadline) {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
			return fmt.Errorf("it does not listen: %s", r.out.Bytes())
		}
	}
}

// stop ends a collector, and returns what it received and the time of the CPU that
// it took.
func (r *running) stop() (got result, cpu time.Duration, err error) {
	defer func() { _ = os.RemoveAll(r.dir) }()
	err = r.quit()
	if r.told != nil {
		err = errors.Join(err, json.NewDecoder(r.told).Decode(&got))
	}
	err = errors.Join(err, r.cmd.Wait())
	if m := nfcapdFlows.FindSubmatch(r.out.Bytes()); m != nil {
		got.Flows, _ = strconv.ParseUint(string(m[1]), 10, 64)
	}
	return got, used(r.cmd), err
}

// nfcapdFlows is what nfcapd says at its end.
var nfcapdFlows = regexp.MustCompile(`Flows: (\d+)`)

func used(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
