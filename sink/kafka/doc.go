// Package kafka produces flows to topics of Apache Kafka, a record each.
//
//	pipeline.From(src).To(kafka.Topic("flows", kafka.Brokers("192.0.2.1:9092")))
//
// # Delivery
//
// Write hands records to the client and returns; a flow counts as delivered when
// brokers have acknowledged its record (Acks). Records are sent again until they
// are, without a second copy or another order (idempotence, KIP-98). What brokers
// refuse for good, such as a record that is too long or a topic that does not
// exist, fails, and the pipeline decides: by default the run ends, and
// pipeline.Retry, DropFailed and DeadLetter get the flows that failed alone.
//
// Brokers that are away are waited for, also at the start. At most MaxBuffered
// records wait; then Write blocks, and so does the path behind the source. With
// DeliveryTimeout records that have waited for so long fail.
//
// When the run ends the sink waits until brokers have everything, at most for the
// drain timeout.
//
// # Records
//
// The value is the flow as a protobuf message with its length in front (Delimited),
// without (Bare) or as a JSON object (JSON). Key and Header say what else a record
// has. The timestamp is that of producing.
//
// # Counters
//
// records and bytes count what was acknowledged; bytes are those of keys and
// values before compression.
package kafka
