package ebpf_test

// childMode returns what a child process of a test does; nil in the test itself.
func childMode() func() { return nil }
