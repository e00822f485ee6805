// Package kafka consumes flows from the topics of Apache Kafka, as a member of a
// consumer group.
//
//	pipeline.From(kafka.Topic("flows", kafka.Brokers("192.0.2.1:9092"), kafka.Group("collectors")))
//
// Several processes of one group share the partitions. Flows of a partition keep
// their order; to decode them on one lane and work on several, put a Repartition
// behind the source.
//
// # Delivery
//
// At least once. The offset that is committed for a partition is that of the first
// record some flow of which is not delivered yet, through branches, tees,
// aggregators and queues. After a crash the group goes on from there, so what was
// delivered since the latest commit is delivered again. A flow that a sink could
// not deliver holds the offset where it is, and ends the run unless the pipeline
// says otherwise (pipeline.Retry, DropFailed, DeadLetter).
//
// When partitions go to another member the source reads no more of them, waits
// until what it has read is delivered, at most for RevokeTimeout, and commits.
// Partitions that it keeps are read on (cooperative rebalancing, KIP-429). All
// members of the group must balance so.
//
// When the run ends, what was read is delivered and committed after all stages
// were closed, and the member leaves the group.
//
// While the path behind the source is held up nothing is read, the client fetches
// ahead no more than MaxFetch from each broker, and the member stays in the group.
// Brokers that are away are waited for, also at the start. Only errors that
// waiting does not mend end the run, such as a login that is refused.
//
// Records of aborted transactions are not read.
//
// # Formats
//
// A record holds one or more protobuf messages with their lengths in front
// (Delimited), one message and nothing else (Bare), or JSON objects on lines of
// their own (JSON). Messages are goflow2's FlowMessage, flowpipeline's EnrichedFlow
// or this library's own; fields are known by the same numbers and names in all of
// them.
//
// Without one of these options the format is found out from a partition's first
// record, and again when a record cannot be read. Bytes that would do as delimited
// messages and as a bare one are taken for the former, so give the format where it
// is known.
//
// # Records that cannot be read
//
// They end the run with an error that names topic, partition, offset and byte; with
// SkipBad they are counted, and with DeadLetter produced to another topic, with the
// headers pipeline.topic, pipeline.partition, pipeline.offset and pipeline.error.
// What of a record was decoded before the mistake is delivered. A record without a
// value is one that cannot be read.
//
// # Counters
//
// records and bytes count what was read, bad records that could not be, and
// dead_letters those of them that have arrived. unknown counts fields that the
// schema lacks, refused names beyond Symbols. commits and commit_errors count
// requests; offsets that could not be committed are with the next ones.
// group_errors counts errors of brokers and of the group that passed, data_loss
// the times that records were gone before they were read, partitions_revoked
// partitions that went to other members, and revoke_timeouts the times that flows
// of such were not delivered in time.
package kafka
