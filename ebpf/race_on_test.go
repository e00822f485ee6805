//go:build race

package ebpf_test

// raceDetector slows reading down so much that a flood may be too much for it.
const raceDetector = true
