// Package rpki tells for each flow whether the routes to its source and to its
// destination may come from the AS that originates them: origin validation by RFC
// 6811.
//
//	rpki.Validate(rpki.RTR("tcp://cache-a:3323", "tcp://cache-b:3323"), rpki.SLURM("slurm.json"))
//
// It sets SrcRPKI and DstRPKI to valid, notfound or invalid, and SrcRPKIReason and
// DstRPKIReason where a route is invalid: origin, for no VRP allows that AS, or
// length, for the route is more specific than the AS's VRPs allow. In the filter
// language these are "rpki invalid", "src rpki valid", "dst_rpki_reason length".
// ValidationStatus stays what the router attached, unless FillValidationStatus is
// given.
//
// # Routes
//
// The state is one of a route, not of an address. The route is what the flow
// itself tells, where exporters are set to export the origin AS (and not that of
// the peer): SrcAddr, SrcPrefixLen and SrcAS, and the same of the destination.
// Routes takes it from elsewhere.
//
// A state is unknown, and its field absent, where the route is not known: there is
// no address, no prefix length or one of 0, as exporters write that know none, no
// AS, AS 0, or AS 23456, which stands in for a longer AS number (RFC 6793).
//
// # Sources of VRPs
//
// Several sources complement each other: the VRPs of all are taken together, then
// SLURM's exceptions are made. While one source has no data every state is
// unknown, since what it would tell might make an invalid route valid. For caches
// that stand in for each other give RTR several addresses.
//
// When the pipeline opens, a file is read, and one that is missing or malformed is
// an error. Caches and URLs are waited for; after the time of Wait flows go
// through with states unknown until they answer. Later failures are counted and
// logged, and the VRPs stay: those of RTR until the cache's expire interval is
// over, those of files and URLs until there are newer ones.
//
// New VRPs are put into a table aside, which takes the place of the old between two
// batches. Flows never wait for it.
//
// # Counters
//
// valid, invalid, not_found and unknown count routes: two for each flow. vrps is how
// many VRPs are in use; reloads how often they changed; failed_reloads counts
// sessions with caches that failed, and files and URLs that could not be read.
package rpki
