//go:build !race

package ebpf_test

const raceDetector = false
