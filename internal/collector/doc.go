// Package collector makes sources of flow exports: what receives datagrams
// (sockets, files) and what decodes them, put together, with counters, with the
// state of exporters kept over a restart, and with datagrams recorded on the way.
// The public sources choose the parts.
package collector
