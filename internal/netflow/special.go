package netflow

// special finds the operation of elements that need more than a copy; false for
// the others.
func (c *compiler) special(f field, in *instr) bool {
	switch f.pen {
	case 0:
		return c.timeElement(f.id, in, forward) || c.listElement(f.id, in) || c.otherElement(f.id, in)
	case reversePEN:
		return c.timeElement(f.id, in, backward)
	}
	return false
}

// timeElement is for when a flow, or the reverse direction of one, was.
func (c *compiler) timeElement(id uint16, in *instr, dir uint8) bool {
	start, end := directions[dir].start, directions[dir].end
	switch id {
	case ieFlowStartSysUpTime:
		in.op, in.field = opUptime, start
	case ieFlowEndSysUpTime:
		in.op, in.field = opUptime, end
	case ieFlowStartSeconds:
		in.op, in.field = opSeconds, start
	case ieFlowEndSeconds:
		in.op, in.field = opSeconds, end
	case ieFlowStartMilliseconds:
		in.op, in.field = opMilli, start
	case ieFlowEndMilliseconds:
		in.op, in.field = opMilli, end
	case ieFlowStartMicroseconds:
		in.op, in.field = opMicro, start
	case ieFlowEndMicroseconds:
		in.op, in.field = opMicro, end
	case ieFlowStartNanoseconds:
		in.op, in.field = opNTP, start
	case ieFlowEndNanoseconds:
		in.op, in.field = opNTP, end
	case ieFlowStartDelta:
		in.op, in.field = opDelta, start
	case ieFlowEndDelta:
		in.op, in.field = opDelta, end
	case ieFlowDurationMilliseconds:
		in.op, in.index = opDuration, dir
	case ieFlowDurationMicroseconds:
		in.op, in.index = opDurationMicro, dir
	default:
		return false
	}
	switch {
	case in.op == opUptime && c.version == versionIPFIX:
		c.p.flags |= fetchInit
	case in.op == opDuration, in.op == opDurationMicro:
		c.p.flags |= derived
	}
	return true
}

// listElement is for lists, and for elements that are one of a list.
func (c *compiler) listElement(id uint16, in *instr) bool {
	if id >= ieMPLSLabelFirst && id <= ieMPLSLabelLast {
		in.op, in.index = opLabel, uint8(id-ieMPLSLabelFirst)
		c.p.flags |= stackLabels
		return true
	}
	in.field = elementField(0, id)
	switch id {
	case ieLabelStackSection:
		in.op, in.field = opLabels, 0
		c.p.flags |= stackLabels
	case ieMPLSTopLabelIPv4, ieMPLSTopLabelIPv6:
		in.op = opAddrs
	case ieMPLSTopLabelTTL:
		in.op = opTTL
	case ieSegmentListSection:
		in.op = opSegments
	case ieSegmentHeaderSection:
		in.op = opHeader
	case ieCommunity, ieExtCommunity, ieLargeCommunity, ieSegment:
		in.op = opItem
	case ieSegmentBasicList, ieSourceCommunityList, ieDestinationCommunities, ieSourceExtList, ieDestinationExtList, ieSourceLargeList, ieDestinationLargeList:
		in.op = opBasicList
	default:
		return false
	}
	return true
}

func (c *compiler) otherElement(id uint16, in *instr) bool {
	in.field = elementField(0, id)
	switch id {
	case ieObservationSeconds:
		in.observed(opSeconds)
	case ieObservationMilliseconds:
		in.observed(opMilli)
	case ieObservationMicroseconds:
		in.observed(opMicro)
	case ieObservationNanoseconds:
		in.observed(opNTP)
	case ieCollectionMilliseconds:
		in.op = opMilli
	case ieSystemInit:
		in.op = opInit
		return c.version != versionV9 // whose header tells it
	case ieICMPTypeCodeIPv4, ieICMPTypeCodeIPv6:
		in.op = opICMP
	case ieIPVersion:
		in.op = opIPVersion
	case ieFragmentFlags:
		in.op = opFragment
	case ieDSCP, iePostDSCP:
		in.op, in.index = opShift, 2
	case iePrecedence, iePostPrecedence:
		in.op, in.index = opShift, 5
	case ieValidityState:
		in.op = opValidity
	case ieSegmentID:
		in.op = opSegmentID
	case ieGREKey:
		in.op = opGREKey
	case ieAppID:
		in.op = opAppID
	case ieSamplingInterval, ieSamplerRandomInterval, iePacketInterval, iePacketSpace, ieSamplingSize, ieSamplingPopulation, ieSamplingProbability:
		in.op, in.field, in.index = opSampling, 0, elementIndex(id)
		c.p.flags |= sampled
	case ieSamplingAlgorithm, ieSamplerMode:
		in.op = opSelector
	default:
		return false
	}
	if in.op == opObserved {
		c.p.flags |= derived
	}
	return true
}

// observed makes the instruction one for a time that is only used where no other
// is told. unit reads it.
func (in *instr) observed(unit op) { in.op, in.field, in.index = opObserved, 0, uint8(unit) }
