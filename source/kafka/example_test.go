package kafka_test

import (
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	sinkkafka "github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source/kafka"
)

// Flows of one topic go to a topic for each customer, and what cannot be read to a
// third.
func ExampleTopic() {
	brokers := []string{"kafka-a.example.net:9092", "kafka-b.example.net:9092"}
	plan := pipeline.
		From(kafka.Topic("flows",
			kafka.Brokers(brokers...),
			kafka.TLS(nil), kafka.ScramSHA512("collector", "secret"),
			kafka.Group("customers"),
			kafka.DeadLetter("flows-unreadable"))).
		Filter(filter.Expr("cid 1-9999")).
		To(sinkkafka.Topic("customer-{cid}",
			sinkkafka.Brokers(brokers...),
			sinkkafka.TLS(nil), sinkkafka.ScramSHA512("collector", "secret"),
			sinkkafka.Key("src_addr", "dst_addr"),
			sinkkafka.Compress("zstd")))
	_, err := plan.Build()
	fmt.Println(err)
	// Output:
	// <nil>
}
