//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// exporter is one of those that are compared.
type exporter struct {
	name      string
	job       *job   // of a child of this program
	softflowd string // where softflowd is
}

// refusing is a filter that small packets and TCP do not pass.
const refusing = "port 53 and address 192.0.2.0/24"

// exporters are those that can be compared here, the first with nothing attached.
func exporters() []exporter {
	all := []exporter{
		{name: "nothing attached"},
		{name: "ebpf.Device", job: &job{}},
		{name: "… with a filter that refuses all", job: &job{Filter: refusing}},
	}
	path, err := exec.LookPath("softflowd")
	if err != nil {
		log.Print("softflowd is not here to be compared")
		return all
	}
	return append(all, exporter{name: "softflowd", softflowd: path})
}

// running is an exporter as it runs.
type running struct {
	cmd  *exec.Cmd // nil when nothing does
	quit func() error
	told io.Reader // of a child
	out  bytes.Buffer
	dir  string
}

// start runs an exporter in the namespace of devA, and waits until it is attached.
func (e *exporter) start(p *pair) (r *running, err error) {
	r = new(running)
	switch {
	case e.job != nil:
		err = r.child(p, e.job)
	case e.softflowd != "":
		err = r.peer(p, e.softflowd)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.name, err)
	}
	return r, nil
}

func (r *running) child(p *pair, j *job) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	r.cmd = exec.Command(path)
	r.cmd.Env = append(os.Environ(), role+"="+string(text))
	r.cmd.Stderr = os.Stderr
	stdin, err := r.cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.a.Do(r.cmd.Start); err != nil {
		return err
	}
	lines := bufio.NewReader(stdout)
	r.quit, r.told = stdin.Close, lines
	if _, err := lines.ReadString('\n'); err != nil {
		_ = stdin.Close()
		return fmt.Errorf("it does not open: %w", errors.Join(err, r.cmd.Wait()))
	}
	return nil
}

// peer runs softflowd, which sends to a port that nobody listens at.
func (r *running) peer(p *pair, path string) (err error) {
	if r.dir, err = os.MkdirTemp("", "ebpfbench"); err != nil {
		return err
	}
	r.cmd = exec.Command(path, "-d", "-i", devA, "-n", "127.0.0.1:9995", "-m", "1000000",
		"-p", filepath.Join(r.dir, "pid"), "-c", filepath.Join(r.dir, "ctl"))
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	if err := p.a.Do(r.cmd.Start); err != nil {
		return errors.Join(err, os.RemoveAll(r.dir))
	}
	r.quit = func() error { return r.cmd.Process.Signal(syscall.SIGTERM) }
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var sockets []byte
		err := p.a.Do(func() (err error) {
			sockets, err = os.ReadFile("/proc/thread-self/net/packet")
			return err
		})
		if bytes.Count(sockets, []byte("\n")) > 1 { // the first line is a heading
			return nil
		}
		if err != nil || time.Now().After(deadline) {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
			return errors.Join(fmt.Errorf("it does not listen: %s", r.out.Bytes()), err, os.RemoveAll(r.dir))
		}
	}
}

// stop ends an exporter, and returns what a child counted.
func (r *running) stop() (got result, err error) {
	if r.cmd == nil {
		return got, nil
	}
	err = r.quit()
	if r.told != nil {
		err = errors.Join(err, json.NewDecoder(r.told).Decode(&got))
	}
	wait := r.cmd.Wait()
	if r.dir != "" {
		if ended := new(exec.ExitError); errors.As(wait, &ended) {
			wait = nil // by the signal
		}
		wait = errors.Join(wait, os.RemoveAll(r.dir))
	}
	return got, errors.Join(err, wait)
}

// used returns the time of the CPU that an exporter took, outside the kernel and in
// it, and its greatest memory in bytes.
func (r *running) used() (user, system time.Duration, memory int64) {
	s := r.cmd.ProcessState
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		memory = int64(usage.Maxrss) << 10 //nolint:unconvert // it has 32 bits on machines of 32 bits
	}
	return s.UserTime(), s.SystemTime(), memory
}
