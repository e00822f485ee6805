package rdns

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	maxTTL     = 24 * time.Hour
	defaultTTL = 5 * time.Minute // of no name, where the zone tells none
)

// answer is what a server tells of an address.
type answer struct {
	name string // "" for none
	ttl  time.Duration
}

// appendQuery appends a question for the PTR records of an address.
func appendQuery(b []byte, id uint16, of dnsmessage.Name) ([]byte, error) {
	q := dnsmessage.NewBuilder(b, dnsmessage.Header{ID: id, RecursionDesired: true})
	if err := q.StartQuestions(); err != nil {
		return nil, err
	}
	if err := q.Question(question(of)); err != nil {
		return nil, err
	}
	return q.Finish()
}

func question(of dnsmessage.Name) dnsmessage.Question {
	return dnsmessage.Question{Name: of, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET}
}

// reverse returns the name that the PTR records of an address are at: RFC 1035 3.5,
// RFC 3596 2.5.
func reverse(a flow.Addr) dnsmessage.Name {
	const hex = "0123456789abcdef"
	var b []byte
	if a.Is4() {
		b = fmt.Appendf(b, "%d.%d.%d.%d.in-addr.arpa.", a[15], a[14], a[13], a[12])
	} else {
		for i := len(a) - 1; i >= 0; i-- {
			b = append(b, hex[a[i]&15], '.', hex[a[i]>>4], '.')
		}
		b = append(b, "ip6.arpa."...)
	}
	return dnsmessage.MustNewName(string(b))
}

// errOther is a message that does not answer the question: of another, or forged.
var errOther = errors.New("it answers another question")

// parseAnswer reads a response to the question with an id.
func parseAnswer(msg []byte, id uint16, of dnsmessage.Name) (answer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || h.ID != id || !h.Response {
		return answer{}, errOther
	}
	if q, err := p.AllQuestions(); err != nil || len(q) != 1 || q[0] != question(of) {
		return answer{}, errOther
	}
	switch h.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
	default:
		return answer{}, fmt.Errorf("the server says %v", h.RCode)
	}
	ttl := maxTTL
	for {
		r, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			break
		}
		if err != nil {
			return answer{}, err
		}
		ttl = min(ttl, time.Duration(r.TTL)*time.Second) // that of a CNAME too (RFC 2317)
		if r.Type != dnsmessage.TypePTR {
			if err := p.SkipAnswer(); err != nil {
				return answer{}, err
			}
			continue
		}
		ptr, err := p.PTRResource()
		if err != nil {
			return answer{}, err
		}
		if name := ptr.PTR.String(); visible(name) {
			return answer{name[:len(name)-1], ttl}, nil
		}
	}
	if h.Truncated {
		return answer{}, errors.New("the answer is truncated")
	}
	return answer{ttl: negativeTTL(&p)}, nil
}

// negativeTTL is how long there is no name (RFC 2308 5).
func negativeTTL(p *dnsmessage.Parser) time.Duration {
	for {
		r, err := p.AuthorityHeader()
		if err != nil {
			return defaultTTL
		}
		if r.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				return defaultTTL
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			return defaultTTL
		}
		return min(maxTTL, time.Duration(min(r.TTL, soa.MinTTL))*time.Second)
	}
}

// visible reports whether a name is of visible ASCII characters and no root.
func visible(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return len(name) > 1
}
