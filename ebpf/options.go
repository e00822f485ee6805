package ebpf

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline/internal/flowtable"
)

// Directions says which packets count: those that come in, those that go out, or
// both.
type Directions uint8

// The directions.
const (
	Ingress Directions = 1 << iota // packets that come in at the interface
	Egress                         // packets that go out at it
	Both    = Ingress | Egress
)

// Method is a way to see the packets of an interface.
type Method uint8

// The methods.
const (
	Auto     Method = iota // the first of the others that works
	TCX                    // a program, attached by a link (Linux 6.6)
	Clsact                 // a program, attached as a filter of clsact (Linux 5.15)
	AFPacket               // copies of the packets' beginnings, counted by the process
)

var methodNames = [...]string{"auto", "TCX", "clsact", "AF_PACKET"}

// String returns the method's name.
func (m Method) String() string {
	if int(m) < len(methodNames) {
		return methodNames[m]
	}
	return fmt.Sprintf("method %d", m)
}

// DefaultInterval is how often the kernel's counts are taken over.
const DefaultInterval = time.Second

const (
	minInterval = 10 * time.Millisecond
	// maxInterval keeps sums of squares of times between packets in range.
	maxInterval = 2 * time.Second
	maxSampling = 1 << 24
)

type config struct {
	names      []string
	directions Directions
	method     Method
	namespace  string
	await      bool
	interval   time.Duration
	mapSize    int // 0 for the default
	ring       int // bytes; 0 for the default
	snap       int // bytes; 0 for the default
	processes  bool
	cgroup     string // whose processes; empty for all
	table      flowtable.Config
}

func defaults() config {
	return config{directions: Both, interval: DefaultInterval}
}

func (c *config) check() error {
	errs := []error{c.table.Check()}
	if c.directions&^Both != 0 || c.directions == 0 {
		errs = append(errs, fmt.Errorf("there is no direction %d", c.directions))
	}
	if c.method > AFPacket {
		errs = append(errs, fmt.Errorf("there is no %s", c.method))
	}
	if c.interval < minInterval || c.interval > maxInterval {
		errs = append(errs, fmt.Errorf("interval of %v is not within %v and %v", c.interval, minInterval, maxInterval))
	}
	if c.table.SamplingRate > maxSampling {
		errs = append(errs, fmt.Errorf("sampling of 1 in %d packets is not within 1 and %d", c.table.SamplingRate, maxSampling))
	}
	return errors.Join(errs...)
}

// Option changes what is counted and how.
type Option func(*config)

// Direction sets which packets count; the default is Both.
func Direction(d Directions) Option {
	return func(c *config) { c.directions = d }
}

// Active sets the age at which a flow ends although packets still come; the
// default is 30 minutes. It ends up to an Interval later.
func Active(d time.Duration) Option {
	return func(c *config) { c.table.Active = orMistake(d) }
}

// Inactive sets how long after its latest packet a flow ends; the default is 15
// seconds. It ends up to an Interval later.
func Inactive(d time.Duration) Option {
	return func(c *config) { c.table.Inactive = orMistake(d) }
}

// Interval sets how often the kernel's counts are taken over, 10 milliseconds to 2
// seconds; the default is DefaultInterval. They are taken over at once when they
// need the room. TCX and Clsact have it.
func Interval(d time.Duration) Option {
	return func(c *config) { c.interval = d }
}

// MaxFlows bounds the flows that are under way at a time, and with that the
// process's memory; the default is 1,048,576, of about 300 bytes each. When there
// are more, the one longest without a packet ends.
func MaxFlows(n int) Option {
	return func(c *config) { c.table.MaxFlows = orMistake(n) }
}

// MapSize bounds the flows that the kernel counts between two takings-over, and
// with that its memory: two maps, in which each flow has about 90 bytes for every
// CPU and 130 more. The default is 131,072, on machines with many CPUs what 128 MiB
// hold. Packets of further flows come one by one through the ring buffer. TCX and
// Clsact have it.
func MapSize(n int) Option {
	return func(c *config) { c.mapSize = orMistake(n) }
}

// RingBuffer sets the bytes of the ring buffer between kernel and process; the
// default is 4 MiB, and 8 MiB for each interface with AFPacket. Packets for which
// it has no room are lost, and counted.
func RingBuffer(bytes int) Option {
	return func(c *config) { c.ring = orMistake(bytes) }
}

// SnapLen sets how many bytes of each packet are copied to the process, at least
// 64; the default is 256. AFPacket has it.
func SnapLen(bytes int) Option {
	return func(c *config) { c.snap = orMistake(bytes) }
}

// Sampling counts one packet in n, chosen at random. The flows tell the rate as
// SamplingRate; their packets and bytes are not multiplied.
func Sampling(n uint32) Option {
	return func(c *config) { c.table.SamplingRate = n }
}

// Statistics adds to every flow the packet lengths (least, greatest, mean,
// standard deviation), the times between packets, the counts of TCP flags, the
// bytes of headers and the packets with a payload. It costs time for every packet
// and memory for every flow, so it is off by default.
func Statistics() Option {
	return func(c *config) { c.table.Statistics = true }
}

// Processes adds to the flows of local sockets the process that owns the socket: PID,
// ProcessName, UID, CgroupID and Container; of TCP also RTT, and Retransmits where the
// flow goes out. It costs time for every packet and socket, memory for every flow, and
// 8 MiB in the kernel, so it is off by default. TCX and Clsact have it.
func Processes() Option {
	return func(c *config) { c.processes = true }
}

// Cgroup limits Processes to those of a control group and the ones below it: the path
// of a directory where control groups of version 2 are mounted.
func Cgroup(path string) Option {
	return func(c *config) { c.cgroup = path }
}

// Namespace has the interfaces of another network namespace counted: one that
// ip-netns(8) has named, or the path of its file, as /proc/PID/ns/net. It needs
// CAP_SYS_ADMIN.
func Namespace(name string) Option {
	return func(c *config) { c.namespace = name }
}

// Await has interfaces that are named but not there waited for.
func Await() Option {
	return func(c *config) { c.await = true }
}

// Attach sets the method; the default is Auto.
func Attach(m Method) Option {
	return func(c *config) { c.method = m }
}

// orMistake keeps a given 0, which is a mistake, from meaning the default.
func orMistake[T int | time.Duration](n T) T {
	if n == 0 {
		return -1
	}
	return n
}
