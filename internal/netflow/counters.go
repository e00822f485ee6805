package netflow

import (
	"fmt"
	"net/netip"
)

// Reason is something that a Decoder counts: what it read, and why something of
// a datagram did not become flows.
type Reason uint8

// The counters of a Decoder.
const (
	Datagrams       Reason = iota // datagrams begun
	Flows                         // flows decoded
	OptionsRecords                // options data records read
	Templates                     // templates learned or changed
	Withdrawn                     // templates withdrawn
	HeldSets                      // sets put aside until their template comes
	ReleasedSets                  // held sets whose template came
	LostRecords                   // records missing by sequence numbers (v5, v7, IPFIX)
	LostDatagrams                 // datagrams missing by sequence numbers (v9)
	MissedRecords                 // the same between what was saved and what came first after a Load
	MissedDatagrams               // the same of v9
	LateDatagrams                 // datagrams out of order by sequence number
	SequenceResets                // sequence numbers that began anew
	TimesUnresolved               // records with times relative to an unknown start
	SamplersUnknown               // records of a sampler that nobody described
	OptionsFull                   // options records not kept, since there are too many
	TextsRefused                  // names not kept, since there are too many

	UnknownVersion    // datagrams of another version
	DatagramTruncated // datagrams that end within their header or before their records
	TrailingBytes     // datagrams with more bytes than they tell
	ExportersFull     // datagrams of new exporters, since there are too many
	SetTruncated      // sets that are longer than what is left
	SetLength         // sets shorter than their header, with the rest of the datagram
	SetReserved       // sets of a reserved id
	TemplateTruncated // templates that end within their fields
	TemplateID        // templates of a reserved id
	TemplateEmpty     // templates whose records take no bytes
	TemplateFields    // templates with too many fields
	TemplateScope     // options templates with a scope that cannot be
	TemplatesFull     // templates not kept, since there are too many
	RecordTruncated   // sets that end within a record
	HoldFull          // sets not held, since too much is held
	HoldExpired       // held sets whose template did not come in time

	NumReasons
)

var reasonNames = [NumReasons]string{
	"datagrams", "flows", "options_records", "templates", "templates_withdrawn", "held_sets", "released_sets",
	"lost_records", "lost_datagrams", "missed_records", "missed_datagrams", "late_datagrams", "sequence_resets", "times_unresolved", "samplers_unknown",
	"options_full", "texts_refused",
	"refused_version", "refused_datagram_truncated", "trailing_bytes", "refused_exporters_full",
	"refused_set_truncated", "refused_set_length", "refused_set_reserved",
	"refused_template_truncated", "refused_template_id", "refused_template_empty", "refused_template_fields",
	"refused_template_scope", "refused_templates_full",
	"refused_record_truncated", "refused_hold_full", "refused_hold_expired",
}

// String returns the name of the counter.
func (r Reason) String() string {
	if r < NumReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Refusal reports whether the counter tells of something that was not decoded.
func (r Reason) Refusal() bool { return r >= UnknownVersion && r != TrailingBytes }

// Counters are a Decoder's counts by Reason.
type Counters [NumReasons]uint64

// Example is where something was refused.
type Example struct {
	Reason   Reason
	Exporter netip.AddrPort
	Version  uint16
	Domain   uint32
	Template uint16 // 0 where there is none
}

// String describes the example for a log line.
func (e Example) String() string {
	return fmt.Sprintf("%s: exporter %s, version %d, domain %d, template %d", e.Reason, e.Exporter, e.Version, e.Domain, e.Template)
}
