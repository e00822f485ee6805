//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// explain says what is missing when the kernel does not take the programs.
func explain(err error, log *slog.Logger) error {
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		log.Debug("verifier", "log", fmt.Sprintf("%+v", verifier))
	}
	switch {
	case errors.Is(err, unix.EPERM):
		if missing := missingCapabilities(); len(missing) > 0 {
			return fmt.Errorf("load eBPF programs: needs %s: %w", strings.Join(missing, " and "), err)
		}
	case errors.Is(err, ebpf.ErrNotSupported), errors.As(err, &verifier):
		return fmt.Errorf("load eBPF programs: needs Linux 5.15 or later: %w", err)
	}
	return fmt.Errorf("load eBPF programs: %w", err)
}

// missingCapabilities returns what the thread lacks of the capabilities that
// loading needs; CAP_SYS_ADMIN stands for CAP_BPF.
func missingCapabilities() []string {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&head, &data[0]) != nil {
		return nil
	}
	has := func(c int) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	var missing []string
	if !has(unix.CAP_BPF) && !has(unix.CAP_SYS_ADMIN) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_NET_ADMIN) {
		missing = append(missing, "CAP_NET_ADMIN")
	}
	return missing
}
