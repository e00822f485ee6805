package sflow

// classInterface is the class of a data source that is an interface.
const classInterface = 0

// compactSource splits the form of a data source in samples that are not
// expanded: the class in the top byte.
func compactSource(v uint32) (class, index uint32) { return v >> 24, v & 0xffffff }
