package rtr

import (
	"fmt"
	"strconv"
)

// Code is that of an Error Report (RFC 8210 12).
type Code uint16

// The codes.
const (
	CorruptData        Code = 0
	InternalError      Code = 1
	NoData             Code = 2
	InvalidRequest     Code = 3
	UnsupportedVersion Code = 4
	UnsupportedType    Code = 5
	UnknownWithdrawal  Code = 6
	Duplicate          Code = 7
	UnexpectedVersion  Code = 8
)

var codes = [...]string{
	"corrupt data", "internal error", "no data available", "invalid request", "unsupported protocol version",
	"unsupported PDU type", "withdrawal of unknown record", "duplicate announcement received", "unexpected protocol version",
}

// String returns the RFC's name of the code.
func (c Code) String() string {
	if int(c) < len(codes) {
		return codes[c]
	}
	return "error " + strconv.Itoa(int(c))
}

// Error is what ends a session: a mistake in what the cache sends, which it is
// told, or what the cache reports.
type Error struct {
	Code Code
	Text string

	pdu     []byte // that it is about
	version uint8  // of the report
	remote  bool   // the cache reports it
	flush   bool   // what the cache told before is of no use
}

// Error implements error.
func (e *Error) Error() string {
	if e.remote {
		return fmt.Sprintf("the cache reports %v: %q", e.Code, e.Text)
	}
	return fmt.Sprintf("%v: %s", e.Code, e.Text)
}

// maxQuoted bounds how much of a PDU is sent back, and how much of what a cache
// reports is kept, in bytes.
const maxQuoted = 256

// reject makes the error of a PDU, or of none.
func reject(c Code, raw []byte, format string, args ...any) *Error {
	quoted := append([]byte(nil), raw[:min(len(raw), maxQuoted)]...)
	return &Error{Code: c, Text: fmt.Sprintf(format, args...), pdu: quoted}
}
