// Package ddos finds DDoS attacks in flows.
//
//	pipeline.From(netflow.Listen(":2055")).
//		Through(ddos.Detect(ddos.Networks(ddos.Network{Name: "hosting", Prefix: own}))).
//		Branch(
//			pipeline.When(ddos.Events(), pipeline.To(alerts)),        // start, update, end
//			pipeline.When(ddos.Attacking(), pipeline.To(evidence)),   // flows of attacks
//		).
//		To(archive)
//
// # What is counted
//
// Traffic is counted by destination, for each class of it (Class), at up to three
// levels: single hosts; /24s of IPv4 and /48s of IPv6, where an attack on many
// neighbours shows that no host alone notices; and whole networks. Counts are
// multiplied by the sampling rate, unless the flow is normalized already. Records
// are spread over the time from their first packet to their last, so that a record
// of a minute is no burst.
//
// # When an attack starts and ends
//
// An attack starts when 3 of 10 half seconds in a row are above the floor of their
// class (Trigger, Hosts, Prefixes) by more than the standard error of their samples,
// stand on enough sampled packets (Samples), and come from enough sources
// (Floor.Sources), none of which send most of it: speed tests and downloads have
// few. Records of a second or less are so judged within two seconds. A prefix is
// judged without what goes to hosts that are above their own floor, be that an
// attack or a download. An attack ends when the traffic has been below 0.7 times the
// floor for a minute (Clear).
//
// Time is the pipeline's: in a replay the flows tell it, and the same flows give
// the same events at any batch size. On several lanes, too, whose flows are counted
// under one lock, the attacks are the same, with their times; what an event tells of
// sources and evidence may be ahead by what other lanes have seen. Records that come late count for when they
// happened, up to a minute ago; an attack that they show starts in the past.
//
// # Events
//
// Events travel in the pipeline's batches as records with the RecordType
// flow.RecordTypeEvent, so that filters, queues, retries and sinks work for them as
// for flows. TimeReceived is when the event was told, TimeStart and TimeEnd are
// those of the attack so far, DstAddr and DstPrefixLen its target; the fields of
// Fields have the rest, and filters know them by name: "attack_phase = start and
// attack_severity = critical". EventOf reads one as an Event. Bytes and Packets are
// absent, so that nobody adds estimates to traffic.
//
// The evidence is a sample of the distinct flows that went to the target, each with
// the packets and bytes that were seen. The proposed action is text: a FlowSpec
// rule (RFC 8955) where one tells the attack from what else goes to the target,
// such as
//
//	flowspec dst 192.0.2.7/32 proto 17 src-port 123 packet-length 468-468 discard
//
// or for a host whose attack is critical, where none does,
//
//	blackhole 192.0.2.7/32 community 65535:666
//
// with the community BLACKHOLE (RFC 7999). Nothing is carried out.
//
// At the end of a run attacks that go on are told once more as an update.
//
// # Memory
//
// A key is a destination, or what is around it, with a class. Keys and Candidates
// bound the memory: with the defaults 34 MB, and 20 MB when all candidates are
// needed. When there are more keys, those with the least traffic give way. A scan
// of millions of addresses displaces other small keys, and no flood.
//
// # Counters
//
// attacks and events count what was told. late are records that ended more than a
// minute before they came, and were not counted; early are those whose end lies in
// the future, which count for now. evicted are keys that gave way, or found no
// place; crowded are records that would have made their key a candidate when there
// was no room for one.
package ddos
