package sflow

import (
	"math"

	"github.com/flowpipeline/pipeline/flow"
)

// Forwarding status of dropped packets (RFC 7270 4.12).
const (
	droppedUnknown       = 128
	droppedACLDeny       = 129
	droppedACLDrop       = 130
	droppedUnroutable    = 131
	droppedAdjacency     = 132
	droppedFragmentation = 133
	droppedBadTTL        = 137
	droppedPolicer       = 138
	droppedWRED          = 139
	droppedRPF           = 140
)

// dropped makes a flow the record of a packet that was dropped. It is no traffic:
// its frame is counted where dropped ones are.
func dropped(b *flow.Batch, fl *flow.Flow) {
	fl.SetRecordType(flow.RecordTypeDrop)
	b.SetPacketsDropped(fl, 1)
	fl.Clear(flow.FieldPackets)
	if fl.Has(flow.FieldBytes) {
		b.SetBytesDropped(fl, fl.Bytes)
		fl.Clear(flow.FieldBytes)
	}
}

// drop writes why a packet was dropped.
func drop(b *flow.Batch, fl *flow.Flow, reason uint32) {
	fl.SetForwardingStatus(forwardingStatus(reason))
	b.SetDropReason(fl, uint16(min(reason, math.MaxUint16)))
}

// forwardingStatus tells a drop reason in the coarser terms of a forwarding
// status.
func forwardingStatus(reason uint32) uint8 {
	switch reason {
	case flow.DropReasonNetUnreachable, flow.DropReasonHostUnreachable, flow.DropReasonSrcRouteFailed,
		flow.DropReasonDstNetUnknown, flow.DropReasonDstHostUnknown, flow.DropReasonSrcHostIsolated,
		flow.DropReasonDstNetTOSUnreachable, flow.DropReasonDstHostTOSUnreachable,
		flow.DropReasonBlackholeRoute, flow.DropReasonNonRoutablePacket:
		return droppedUnroutable
	case flow.DropReasonDstNetProhibited, flow.DropReasonDstHostProhibited, flow.DropReasonCommAdminProhibited:
		return droppedACLDeny
	case flow.DropReasonACL:
		return droppedACLDrop
	case flow.DropReasonFragNeeded, flow.DropReasonPktTooBig:
		return droppedFragmentation
	case flow.DropReasonTTLExceeded:
		return droppedBadTTL
	case flow.DropReasonRED:
		return droppedWRED
	case flow.DropReasonTrafficShaping:
		return droppedPolicer
	case flow.DropReasonUnresolvedNeigh, flow.DropReasonBlackholeARPNeigh, flow.DropReasonBlackholeNexthop:
		return droppedAdjacency
	case flow.DropReasonMCReversePathForwarding, flow.DropReasonUCReversePathForwarding, flow.DropReasonReversePathForwarding:
		return droppedRPF
	}
	return droppedUnknown
}
