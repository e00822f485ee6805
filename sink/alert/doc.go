// Package alert tells people and programs of flows and events that matter.
//
//	pipeline.When(ddos.Events(), pipeline.
//		Through(alert.Limit(30, time.Minute)).
//		To(pipeline.Buffered(
//			pipeline.Retry(alert.Webhook("https://hooks.example.net/flows", alert.Secret(key)), pipeline.Backoff{Attempts: 5}),
//			64, pipeline.DropOldest)))
//
// Webhook and Log are sinks of flows, and so of events, which are records like
// flows. What waits, tries again or drops is the pipeline's: Buffered is a bounded
// queue, Retry tries again, DeadLetter takes what failed for good. Once and Limit
// are transforms in front that keep one out of many alike, or a few of many.
package alert
