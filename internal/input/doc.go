// Package input reads files, pipes and terminals piece by piece: through gzip
// and zstd where the content says so, and without outstaying a context or a
// deadline where there is nothing to read yet.
package input
