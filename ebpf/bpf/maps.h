// What the programs and user space share.
#pragma once

#include "value.h"

// CPUs that there can be.
volatile const __u32 cpus = 1;

// Flows of one generation. Each has a struct value, with what the options add, for each
// CPU, one behind the other. The kernel's own hashes with a value for each CPU
// allocate every one of these apart, for which they take a second. The loader sets
// the bound and the size.
struct flows {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct key);
	__type(value, struct value);
};

// The generation that packets are counted into is the only element. User space
// puts another one there, and reads the first when no program uses it any more.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct flows);
} generations SEC(".maps");

// What a new flow begins with: zeros, as many as the values of all CPUs have.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct value);
} zeros SEC(".maps");

// own returns this CPU's value of a flow.
static __always_inline struct value *own(void *values)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu >= cpus)
		return NULL;
	return values + cpu * value_size();
}

// Events for user space. The loader sets the size.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct tally {
	__u64 packets, bytes;
};

// Why packets are in no flow. They are counted as the stack hands them over, the
// lost ones also as they are on the wire.
struct counters {
	struct tally refused[REFUSALS]; // by enum refusal
	struct tally filtered;          // outside the filter
	struct tally unsampled;         // not chosen by the sampling
	struct tally lost, lost_wire;   // neither map nor ring had room
	__u64 overflowed;               // packets that went out by the ring
	__u64 details_lost;             // flows whose inner headers had no room in the ring
	__u64 fragments_unmatched;      // later fragments whose first was not seen
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counts SEC(".maps");

static __always_inline struct counters *counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

static __always_inline void add(struct tally *t, __u64 packets, __u64 bytes)
{
	t->packets += packets;
	t->bytes += bytes;
}
