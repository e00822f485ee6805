// Package bpf holds the programs that count packets in the kernel, and those that
// tell whose sockets are, in C and compiled, and the Go types of what they share with user space.
//
// The compiled objects are part of the source, so that building needs no C
// compiler. "go generate" makes them anew with clang and the headers of libbpf.
package bpf

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -go-package bpf -target bpfel,bpfeb -no-global-types -type key -type value -type value_statistics -type attribution -type counters -type packet_event_statistics -type frame_event Flows flows.c -- -O2 -Wall -Werror -mcpu=v3
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -go-package bpf -target bpfel,bpfeb -no-global-types -type owner Sockets sockets.c -- -O2 -Wall -Werror -mcpu=v3
