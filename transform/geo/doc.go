// Package geo tells where the addresses of flows are and whose they are, from
// databases in MaxMind's format (.mmdb): those of MaxMind, and others that name
// their values alike, such as DB-IP's.
//
//	geo.Lookup("GeoLite2-City.mmdb", geo.Also("GeoLite2-ASN.mmdb"))
//
// It sets, as far as a database knows:
//
//   - SrcCountry, DstCountry: the country that the address is in, and RemoteCountry
//     of the side that RemoteSide says is remote
//   - SrcCity, DstCity: the city, in English unless Language is given
//   - SrcAS, DstAS: the AS that announces the address, where the flow has none;
//     with ReplaceAS always
//   - SrcASName, DstASName: the organisation of that AS. It is left alone where the
//     flow has another AS than the database
//
// What no database knows stays as it was.
//
// # Files
//
// Databases are read into memory, so that overwriting a file harms nothing, and may
// be compressed with gzip or zstd. One that is missing or malformed is an error when
// the pipeline opens. Files are looked at every minute, and read again when their
// time or size has changed; the new takes the place of the old between two batches.
// When that fails the old one stays, the log tells, and it is tried again.
//
// # Speed
//
// Each lane keeps what it found of the addresses that it saw last, and of records.
// So an address that comes again costs some nanoseconds, one of a known record a
// walk through the search tree; nothing is allocated. Names are decoded once for
// each record, and fill the pipeline's table of symbols: GeoLite2-City has about a
// hundred thousand.
//
// # Counters
//
// found and not_found count addresses, by whether any database knew anything;
// damaged counts records and searches that failed since a database is damaged;
// refused_names the names that the table of symbols had no room for; reloads and
// failed_reloads the files read again, and the attempts that failed.
package geo
