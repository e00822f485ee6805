package sflow

// How far a number may be off before it is taken to have begun anew, and how
// late a datagram may come.
const (
	maxGap    = 1 << 20
	maxLate   = 64    // datagrams
	maxBehind = 2_000 // ms of the agent's uptime
)

// numbers follows the numbers of an agent's datagrams.
type numbers struct {
	next   uint32
	uptime uint32 // ms
	known  bool
}

// order says how a datagram follows those before it.
type order uint8

const (
	inOrder   order = iota
	late            // it comes after its successors
	restarted       // the agent began anew
)

// follow takes a datagram's number and the agent's uptime, and returns how many
// datagrams are missing before it.
func (n *numbers) follow(got, uptime uint32) (lost uint32, o order) {
	// Both wrap: differences are right across that.
	gap, aged := int32(got-n.next), int32(uptime-n.uptime)
	switch {
	case !n.known:
	case gap < 0 && gap >= -maxLate && aged <= 0 && aged >= -maxBehind:
		return 0, late
	case gap < 0 || gap > maxGap || aged < -maxBehind:
		o = restarted
	default:
		lost = uint32(gap)
	}
	n.next, n.uptime, n.known = got+1, uptime, true
	return lost, o
}

// follow takes a sample's number and returns how many are missing before it. The
// numbers of a source that was set up anew begin anew. The same number again
// tells nothing: there are agents that do not count.
func (s *source) follow(got uint32, fresh bool) (lost uint32, reset bool) {
	gap := int32(got - s.next)
	s.next = got + 1
	switch {
	case fresh || gap == 0 || gap == -1:
		return 0, false
	case gap < 0 || gap > maxGap:
		return 0, true
	}
	return uint32(gap), false
}
