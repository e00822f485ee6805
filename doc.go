// Package pipeline receives, filters, enriches, analyses and delivers network
// flows. A service imports it and composes a pipeline in Go:
//
//	plan := pipeline.
//		From(pcap.File("traffic.pcap")).
//		Filter(web).
//		Through(pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })).
//		To(sink.Flowdump(os.Stdout))
//	err := plan.Run(ctx)
//
// # Parts
//
// A [Source] gives flows, a [Transform] changes or removes them, a [Sink]
// delivers them. Each is an interface of one method; whatever else a stage can
// do (open, close, tick, fork …) is an optional interface that [Plan.Build]
// looks for once. A function is a stage too: [SourceFunc], [TransformFunc],
// [SinkFunc], [Each].
//
// What travels between stages is a [flow.Batch]: up to 512 flows side by side,
// and a selection that says which of them are still in. A filter edits the
// selection. Nothing is copied and no channel is crossed from one stage to the
// next: a goroutine, a lane, carries a batch from its source to the sinks.
//
// # Plans
//
// [From], Filter, Through, Branch, To and Tee describe; they do nothing.
// [Stream.To], [Stream.Tee] and [Stream.Switch] end a path, and give a [Plan].
// A Plan is immutable: build it as often as you like. [Plan.Build] reports every
// mistake at once and touches nothing outside the process. [Pipeline.Run] opens
// the stages in the order of the flow, runs them, and closes them.
//
// Flows that differ go different ways:
//
//	pipeline.From(src).
//		Branch(                                           // flows come back …
//			pipeline.When(v6, pipeline.Through(countV6)),
//			pipeline.When(noise, pipeline.To(sink.Discard())), // … or end
//		).
//		Tee(                                              // each path sees all
//			pipeline.To(archive),
//			pipeline.Switch(                              // each flow takes one
//				pipeline.When(invalid, pipeline.To(alarm)),
//				pipeline.Otherwise(pipeline.To(log)),
//			),
//		)
//
// # Delivery
//
// A batch carries its own acknowledgement. A sink that returns nil has delivered
// it; one that is not done yet retains it and releases it later; an aggregator
// holds it until what it made of it is delivered. When the last of them is done,
// the source hears of it, once, with the first error. So a source that can take
// back what it read, such as a message queue, loses nothing through filters,
// branches, queues and aggregators.
//
// An error of a stage ends the run. What else should happen is written into the
// plan: [Retry], [DeadLetter], [DropFailed], and [Buffered] for a queue that
// blocks or drops. A sink that could not deliver some flows of a batch says which
// ([flow.PartialError]), and only those are tried again or put aside.
//
// # Time
//
// The clock is the pipeline's. Live it is the wall clock, read once for a batch.
// In a replay it is event time, which the flows tell; ticks then fall between the
// same flows at any batch size and any speed, so a replay gives the same output,
// byte for byte. [Ticker] has the details.
//
// # Ends
//
// A run ends when all sources have ended, when its context does, or when a stage
// fails. In each case what was read is still delivered: lanes finish their
// batches, aggregators tick once more, queues empty, stages close. After a
// cancellation or an error that is bounded by [WithDrainTimeout]. No goroutine,
// socket or file is left when Run returns.
//
// # Numbers
//
// [Pipeline.Stats] counts for each stage what came in, what went out, and what
// was filtered, absorbed or dropped. The balance is exact, and
// [Stats.Check] verifies it. Every place where a flow can get lost has a counter.
//
// # Concurrency
//
// One lane reads each source. [WithLanes] splits sources that can be split;
// [Stream.Repartition] spreads flows over lanes by a hash of fields. A transform
// that forks has a copy for each lane, one that is concurrent is shared, any
// other is guarded by a lock, which Stats shows.
//
// Nothing here is global: no registry, no init, no default logger, no signal
// handler. Several pipelines run side by side in one process.
package pipeline
