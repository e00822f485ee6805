package rdns

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/flowpipeline/pipeline/flow"
)

var asked = reverse(flow.MustParseAddr("192.0.2.7"))

// response is a message that answers the question, changed by change.
func response(t testing.TB, change func(*dnsmessage.Message)) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, Response: true},
		Questions: []dnsmessage.Question{question(asked)},
	}
	change(&m)
	msg, err := m.Pack()
	require.NoError(t, err)
	return msg
}

// record is a resource record of the name that was asked for.
func record(ttl uint32, body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: asked, Class: dnsmessage.ClassINET, TTL: ttl}, Body: body}
}

func ptr(name string) *dnsmessage.PTRResource {
	return &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(name)}
}

func TestReverse(t *testing.T) {
	require.Equal(t, "7.2.0.192.in-addr.arpa.", asked.String())
	six := reverse(flow.MustParseAddr("2001:db8::7"))
	require.Equal(t, "7."+strings.Repeat("0.", 23)+"8.b.d.0.1.0.0.2.ip6.arpa.", six.String())
}

func TestQuery(t *testing.T) {
	b, err := appendQuery(nil, 7, asked)
	require.NoError(t, err)
	var m dnsmessage.Message
	require.NoError(t, m.Unpack(b))
	require.Equal(t, dnsmessage.Header{ID: 7, RecursionDesired: true}, m.Header)
	require.Equal(t, []dnsmessage.Question{question(asked)}, m.Questions)
}

func TestAnswers(t *testing.T) {
	soa := &dnsmessage.SOAResource{NS: asked, MBox: asked, MinTTL: 60}
	for name, c := range map[string]struct {
		change func(*dnsmessage.Message)
		want   answer
	}{
		"name": {func(m *dnsmessage.Message) { m.Answers = append(m.Answers, record(300, ptr("www.example.net."))) }, answer{"www.example.net", 5 * time.Minute}},
		"behind a CNAME, which ends first": {func(m *dnsmessage.Message) {
			m.Answers = append(m.Answers, record(30, &dnsmessage.CNAMEResource{CNAME: asked}), record(300, ptr("www.example.net.")))
		}, answer{"www.example.net", 30 * time.Second}},
		"the first that can be shown": {func(m *dnsmessage.Message) {
			m.Answers = append(m.Answers, record(300, ptr("a\x1b[2Jb.example.")), record(300, ptr("two words.example.")), record(300, ptr("good.example.")))
		}, answer{"good.example", 5 * time.Minute}},
		"a long time":  {func(m *dnsmessage.Message) { m.Answers = append(m.Answers, record(1<<31, ptr("a.example."))) }, answer{"a.example", maxTTL}},
		"the root":     {func(m *dnsmessage.Message) { m.Answers = append(m.Answers, record(300, ptr("."))) }, answer{"", defaultTTL}},
		"no such name": {func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }, answer{"", defaultTTL}},
		"no name, by the SOA": {func(m *dnsmessage.Message) {
			m.Authorities = append(m.Authorities, record(3600, &dnsmessage.NSResource{NS: asked}), record(3600, soa))
		}, answer{"", time.Minute}},
		"no name, by the SOA's TTL": {func(m *dnsmessage.Message) { m.Authorities = append(m.Authorities, record(20, soa)) }, answer{"", 20 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseAnswer(response(t, c.change), 7, asked)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMessagesThatDoNotAnswer(t *testing.T) {
	for name, change := range map[string]func(*dnsmessage.Message){
		"another id":       func(m *dnsmessage.Message) { m.ID = 8 },
		"a question":       func(m *dnsmessage.Message) { m.Response = false },
		"no question":      func(m *dnsmessage.Message) { m.Questions = nil },
		"another question": func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeA },
	} {
		_, err := parseAnswer(response(t, change), 7, asked)
		require.Equal(t, errOther, err, name)
	}
	_, err := parseAnswer([]byte("short"), 7, asked)
	require.Equal(t, errOther, err)
	_, err = parseAnswer(response(t, func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeServerFailure }), 7, asked)
	require.ErrorContains(t, err, "RCodeServerFailure")
	_, err = parseAnswer(response(t, func(m *dnsmessage.Message) { m.Truncated = true }), 7, asked)
	require.ErrorContains(t, err, "truncated")
	whole := response(t, func(m *dnsmessage.Message) { m.Answers = append(m.Answers, record(300, ptr("www.example.net."))) })
	_, err = parseAnswer(whole[:len(whole)-3], 7, asked)
	require.Error(t, err)
	require.NotEqual(t, errOther, err)
}

func TestServersOfTheSystem(t *testing.T) {
	servers, err := readServers(strings.NewReader("# one\nsearch example.net\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.53:53", "[2001:db8::53]:53"}, servers)
	_, err = readServers(strings.NewReader("nameserver\n"))
	require.Error(t, err)
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(response(f, func(m *dnsmessage.Message) { m.Answers = append(m.Answers, record(300, ptr("www.example.net."))) }))
	f.Add(response(f, func(m *dnsmessage.Message) {
		m.Authorities = append(m.Authorities, record(20, &dnsmessage.SOAResource{NS: asked, MBox: asked}))
	}))
	f.Fuzz(func(t *testing.T, msg []byte) {
		got, err := parseAnswer(msg, 7, asked)
		if err != nil {
			return
		}
		require.True(t, got.name == "" || visible(got.name) || len(got.name) == 1, got.name)
		require.LessOrEqual(t, got.ttl, maxTTL)
		require.GreaterOrEqual(t, got.ttl, time.Duration(0))
	})
}
