// Package pipelinetest is for testing pipelines and stages.
//
// A service tests its pipeline in a few lines:
//
//	got := pipelinetest.Record()
//	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(web, dns)).Filter(mine).To(got))
//	require.Len(t, got.Flows(), 1)
//
// Run fails the test when the run fails, when the counters do not balance, and
// when a stage reads a batch that it has given back.
//
// Replay turns what somebody recorded of their routers into a test that compares
// with a golden file:
//
//	pipelinetest.Replay(t, "testdata/report.dgram.zst", mine)
//
// Authors of stages run TestSource, TestTransform or TestSink on theirs.
package pipelinetest
