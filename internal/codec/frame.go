package codec

// MaxMessage bounds one length-delimited message, in bytes. A longer one is
// refused before memory is given to it.
const MaxMessage = 1 << 20

// Frame finds the first length-delimited message in p: the message, and the
// bytes it takes with its length. size is 0 when p holds only a part of it; need
// is then how many bytes it takes, 0 when even the length is not whole. The
// error is ErrTooLong, or ErrSyntax for a length that is no number.
func Frame(p []byte) (msg []byte, size, need int, err error) {
	n, at, e := varint(p, 0)
	switch {
	case e != nil && len(p) >= 10:
		return nil, 0, 0, ErrSyntax
	case e != nil:
		return nil, 0, 0, nil
	case n > MaxMessage:
		return nil, 0, 0, ErrTooLong
	case int(n) > len(p)-at:
		return nil, 0, at + int(n), nil
	}
	size = at + int(n)
	return p[at:size], size, size, nil
}
