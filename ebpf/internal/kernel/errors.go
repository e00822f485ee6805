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
	refused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	if missing := missingCapabilities(); refused && len(missing) > 0 {
		return fmt.Errorf("load eBPF programs: needs %s: %w", strings.Join(missing, ", "), err)
	}
	if verifier != nil || errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("load eBPF programs, which need Linux 5.15 or later: %w", err)
	}
	return fmt.Errorf("load eBPF programs: %w", err)
}

// missingCapabilities returns what the thread lacks of the capabilities that
// loading needs.
func missingCapabilities() []string {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&head, &data[0]) != nil {
		return nil
	}
	has := func(c int) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	admin := has(unix.CAP_SYS_ADMIN) // stands for what was split off it
	var missing []string
	if !has(unix.CAP_BPF) && !admin {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_NET_ADMIN) {
		missing = append(missing, "CAP_NET_ADMIN")
	}
	if !has(unix.CAP_PERFMON) && !admin {
		missing = append(missing, "CAP_PERFMON")
	}
	return missing
}
