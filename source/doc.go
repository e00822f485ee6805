// Package source holds the light sources: flows from Go values, JSON lines and
// protobuf messages from files and pipes, several sources merged into one, and
// made-up flows.
//
// Sources with a dependency or a wire format of their own have packages below.
package source
