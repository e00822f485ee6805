package filter_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// fuzzWorld has some fifty of the flows that TestMeaning looks at.
func fuzzWorld(tb testing.TB) *world {
	w := newWorld(tb, 64)
	for i := 0; i < len(meanings); i += len(meanings)/48 + 1 {
		specs := append(meanings[i].flows(true), meanings[i].flows(false)...)
		w.add(specs[i%len(specs)])
	}
	w.add(`src_addr=10.20.0.1 dst_addr=2001:db8:20::1 proto=6 src_port=443 dst_port=1024 tcp_flags=0x12 bytes=1500 packets=3 dur=1500ms src_as=64500 dst_as=64515`)
	w.add(`src_country=DE dst_country=FR in_if_name=Hu0 out_if_desc=dns application_name=dns note=10 src_mac=02:00:00:00:00:01 as_path=174,553 mpls_label=16 risk_score=80 zone=dmz`)
	return w
}

func FuzzParse(f *testing.F) {
	for _, r := range meanings {
		f.Add(r.expr)
	}
	for _, m := range mistakes {
		f.Add(m.expr)
	}
	for _, text := range []string{"\"\x87\"", "port \x9b31m", "prot\u202e tcp", "iface name \"\x1b[0m\" 1", "port 80 \x00", "if \"hu\" or 0"} {
		f.Add(text)
	}
	w := fuzzWorld(f)
	_, rows := w.b.Raw()
	f.Fuzz(func(t *testing.T, text string) {
		_, lintErr := filter.Lint(text, w.opts...)
		p, err := filter.Parse(text, w.opts...)
		require.Equal(t, err != nil, lintErr != nil, "Lint says %v, Parse %v", lintErr, err)
		if err != nil {
			_ = checkError(t, text, err)
			return
		}
		again, err := filter.Parse(p.String(), w.opts...)
		require.NoError(t, err, "%q of %q", p.String(), text)
		require.Equal(t, p.String(), again.String(), "%q", text)
		got := selected(t, p, w.b, rows)
		same(t, w.b, got, selected(t, again, w.b, rows), "%q, read as %q", text, p.String())
		for fl := range w.b.All() {
			if i := w.b.Index(fl); p.MatchIn(w.b, fl) != got[i] {
				t.Fatalf("Selector says %t of %s\n%q\n%s", got[i], show(w.b, fl), text, explain(p, w.layout))
			}
		}
	})
}

// checkError looks at the place of a mistake, and whether it can be printed.
func checkError(t *testing.T, text string, err error) *filter.Error {
	t.Helper()
	var e *filter.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, text, e.Expr)
	lines := strings.Split(text, "\n")
	require.True(t, e.Line >= 1 && e.Line <= len(lines), "line %d", e.Line)
	require.True(t, e.Column >= 1 && e.Column <= utf8.RuneCountInString(lines[e.Line-1])+1, "column %d", e.Column)
	require.True(t, e.Offset >= 0 && e.Length >= 0 && e.Offset+e.Length <= len(text), "%d bytes at %d", e.Length, e.Offset)
	require.NotEmpty(t, e.Message)
	msg := e.Error()
	require.True(t, utf8.ValidString(msg), "%q", msg)
	require.Equal(t, -1, strings.IndexFunc(msg, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", msg)
	require.Less(t, len(msg), 2000)
	return e
}

func FuzzSet(f *testing.F) {
	for _, text := range []string{
		"", "10.0.0.0/8\n2001:db8::/32\n", "80\n443 # tls\n8000-8999\n\nAS64500\n", "DE,Germany\r\nFR,France\r\n", "02:00:00:00:00:01\n", "dns\n\"two words\"\n",
		"1.2.3.4/99", "90-80", "::/0\n0.0.0.0/0\n8000::/1\nffff::/16", "0-18446744073709551615", "# nothing", "\x00", strings.Repeat("10.0.0.1\n", 300),
	} {
		f.Add(text)
	}
	w := fuzzWorld(f)
	flows, rows := w.b.Raw()
	f.Fuzz(func(t *testing.T, text string) {
		s, err := filter.NewSet("fuzzed", "10.0.0.0/8", "443", "DE")
		require.NoError(t, err)
		p, err := filter.Parse(`address in @fuzzed or port in @fuzzed or src country in @fuzzed or mac in @fuzzed or application_name in @fuzzed`, filter.With(s))
		require.NoError(t, err)
		q, err := filter.Parse(p.String(), filter.With(s))
		require.NoError(t, err)
		before := selected(t, p, w.b, rows)
		if err := s.Read("values.csv", strings.NewReader(text)); err != nil {
			require.Contains(t, err.Error(), "values.csv:")
			require.Equal(t, 3, s.Len())
			same(t, w.b, before, selected(t, p, w.b, rows), "as before")
			return
		}
		require.LessOrEqual(t, s.Len(), strings.Count(text, "\n")+1)
		got := selected(t, p, w.b, rows)
		same(t, w.b, got, selected(t, q, w.b, rows), "%q", q.String())
		for _, i := range rows {
			if p.MatchIn(w.b, &flows[i]) != got[i] {
				t.Fatalf("Selector says %t of %s", got[i], show(w.b, &flows[i]))
			}
		}
	})
}

// mistakes are expressions with the place of what is wrong and what the message
// says; "?word" is what it asks whether it was meant.
var mistakes = []struct{ expr, place, says string }{
	{`address ::1/129`, `1:9`, `129`},
	{`address 1.2.3.4/99`, `1:9`, `99`},
	{`src address 255.255.255.255/255`, `1:13`, `255`},
	{`address 10.0.0.256`, `1:9`, `10.0.0.256`},
	{`address 10.0.0.1.3`, `1:9`, `10.0.0.1.3`},
	{`address 2001:db8:::1`, `1:9`, `2001:db8:::1`},
	{`port 80 and address 10.0.0.1/-0`, `1:21`, `10.0.0.1/`},
	{`net 10.0.0.0 mask 255.0.255.0`, `1:19`, `255.0.255.0`},
	{`address in [10.0.0.9-10.0.0.1]`, `1:13`, `10.0.0.9-10.0.0.1`},
	{`port 010`, `1:6`, `0o10`},
	{`port 010`, `1:6`, `write 10`},
	{`port 080`, `1:6`, `80`},
	{`port 90-80`, `1:6`, `90-80`},
	{`port in [1 90-80]`, `1:12`, `90-80`},
	{`bps 20-10`, `1:5`, `20-10`},
	{`pps 20k-10k`, `1:5`, `20k-10k`},
	{`duration 20-10`, `1:10`, `20-10`},
	{`iface speed 1024-10`, `1:13`, `1024-10`},
	{`port 65536`, `1:6`, `65535`},
	{`asn 4294967296`, `1:5`, `4294967295`},
	{`bytes 18446744073709551616`, `1:7`, `18446744073709551616`},
	{`proto 256`, `1:7`, `255`},
	{`port ff`, `1:6`, `ff`},
	{`port`, `1:5`, `expression ends`},
	{`proto tcp and port >`, `1:21`, `expression ends`},
	{`port 80 443`, `1:9`, `443`},
	{`port = 80 port = 443`, `1:11`, `port`},
	{`prot tcp`, `1:1`, `?proto`},
	{`poort 80`, `1:1`, `?port`},
	{`adddress 10.0.0.1`, `1:1`, `?address`},
	{`proto tcp and dst adddress 10.0.0.1`, `1:19`, `?address`},
	{`proto tpc`, `1:7`, `?tcp`},
	{`rpki vaild`, `1:6`, `?valid`},
	{`status droped`, `1:8`, `?dropped`},
	{`bytes_ou > 1`, `1:1`, `?bytes_out`},
	{`has src_asn`, `1:5`, `?src_as`},
	{`contry DE`, `1:1`, `?country`},
	{`passesthrough 1`, `1:1`, `?passes-through`},
	{"proto tcp\nand prot udp", `2:5`, `?proto`},
	{"# über\niface name \"ä\" and prot tcp\n", `2:20`, `?proto`},
	{"\t\tprot tcp", `1:3`, `?proto`},
	{`proto tcp xor port 80`, `1:11`, `xor`},
	{`proto tcp and and port 80`, `1:15`, `and`},
	{`or port 80`, `1:1`, `or`},
	{`not`, `1:4`, `expression ends`},
	{`10.0.0.1`, `1:1`, `?address 10.0.0.1`},
	{`src proto tcp`, `1:5`, `sides`},
	{`(port 80`, `1:1`, `never closed`},
	{`port 80 and ((port 80)`, `1:13`, `never closed`},
	{`port 80)`, `1:8`, `)`},
	{`port in [80 443`, `1:9`, `never closed`},
	{`port in []`, `1:9`, `empty`},
	{`iface name "foo`, `1:12`, `does not end`},
	{`iface name 'foo"`, `1:12`, `does not end`},
	{`iface name "foo" and iface desc "bar`, `1:33`, `does not end`},
	{`iface name =~ "("`, `1:15`, `missing closing )`},
	{`dst iface id 'bla'`, `1:14`, `bla`},
	{`port in @nosuch`, `1:9`, `@nosuch`},
	{`country DEU`, `1:9`, `DEU`},
	{`duration 10x`, `1:10`, `x`},
	{`bytes 10q`, `1:7`, `q`},
	{`src_port < src_addr`, `1:12`, `src_addr`},
	{`passes-through foo`, `1:16`, `foo`},
	{`community 65536:1`, `1:11`, `65536`},
	{`flags S/F`, `1:7`, `flags`},
	{`mac aa:bb`, `1:5`, `aa:bb`},
	{`port 80 $`, `1:9`, `$`},
}

func TestMistakes(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.expr, func(t *testing.T) {
			_, err := filter.Parse(m.expr)
			e := checkError(t, m.expr, err)
			_, later := filter.Expr(m.expr).Compile(nil)
			require.Equal(t, err, later)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, 3)
			head, hinted := strings.CutPrefix(m.says, "?")
			require.True(t, strings.HasPrefix(lines[0], m.place+": "), "at %s: %s", m.place, lines[0])
			if hinted {
				require.Contains(t, lines[0], `did you mean "`+head+`"`)
			} else {
				require.Contains(t, lines[0], head)
			}
			// The mark is under the mistake, for as long as it is.
			mark, shown := []rune(lines[2]), []rune(lines[1])
			from := strings.IndexRune(lines[2], '^')
			source := strings.Split(m.expr, "\n")[e.Line-1]
			indent := len(shown) - utf8.RuneCountInString(source)
			require.Equal(t, strings.TrimSpace(source), strings.TrimSpace(lines[1]))
			require.Equal(t, e.Column-1, from-indent, "%v", err)
			require.Equal(t, strings.Repeat("^", max(1, utf8.RuneCountInString(m.expr[e.Offset:e.Offset+e.Length]))), string(mark[from:]), "%v", err)
		})
	}
}

// TestHugeMistakes has expressions beyond the bounds, which must not take long.
func TestHugeMistakes(t *testing.T) {
	for name, expr := range map[string]string{
		"brackets":          strings.Repeat("(", 10000) + "port 80" + strings.Repeat(")", 10000),
		"unclosed brackets": strings.Repeat("(", 10000),
		"nots":              strings.Repeat("not ", 10000) + "port 80",
		"marks":             strings.Repeat("!", 10000) + "port 80",
		"brackets and nots": strings.Repeat("!(", 5000) + "port 80" + strings.Repeat(")", 5000),
		"ups and downs":     strings.Repeat("port 80 and (port 81 or ", 5000) + "udp" + strings.Repeat(")", 5000),
		"2 MiB":             strings.Repeat("port 80 or ", 2<<20/11),
		"2 MiB of blanks":   strings.Repeat(" ", 2<<20),
		"a long word":       strings.Repeat("a", filter.MaxExpr),
		"a long line":       "proto tcp" + strings.Repeat(" ", 5000) + "x" + strings.Repeat(" ", 5000),
		"long and invalid":  strings.Repeat("\xff", filter.MaxExpr),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := filter.Parse(expr)
			_ = checkError(t, expr, err)
			_, err = filter.Lint(expr)
			require.Error(t, err)
		})
	}
	// Within the bounds: a long chain, and a chain that alternates.
	for _, expr := range []string{
		strings.Repeat("port 80 or ", 20000) + "udp",
		"port in [" + strings.Repeat("1 ", 20000) + "]",
		strings.Repeat("(", 100) + "port 80" + strings.Repeat(")", 100),
	} {
		p, err := filter.Parse(expr)
		require.NoError(t, err)
		fl := &flow.Flow{}
		fl.SetDstPort(80)
		fl.SetSrcPort(1)
		require.True(t, p.Match(fl))
	}
}

// TestOptionMistakes has mistakes that are not in the expression.
func TestOptionMistakes(t *testing.T) {
	var e *filter.Error
	_, err := filter.Parse("port 80", filter.With(nil))
	require.Error(t, err)
	require.False(t, errors.As(err, &e))
	_, err = filter.Parse("port 80", filter.Extensions(flow.Extension[uint8]("src_port")))
	require.Error(t, err)
	require.False(t, errors.As(err, &e))
	_, err = filter.Parse("risk_score > 1")
	require.ErrorAs(t, err, &e)
	require.NoError(t, filter.Expr("risk_score > 1").Err()) // the pipeline may know it
}

func TestLint(t *testing.T) {
	for _, l := range []struct {
		expr  string
		place string // "" for no warning
		says  []string
	}{
		{expr: ``},
		{expr: `proto tcp`},
		{expr: `proto tcp and port 80 and port 443`},
		{expr: `proto tcp or port 80 or port 443`},
		{expr: `proto tcp and (port 80 or port 443)`},
		{expr: `(proto tcp and port 80) or port 443`},
		{`proto tcp or port 80 and port 443`, `1:1`, []string{`proto tcp or (port 80 and port 443)`, `(proto tcp or port 80) and port 443`}},
		{`proto tcp or not port 80 and port 443`, `1:1`, []string{`tcpdump`}},
		{`flags S and not flags AFRPU`, `1:17`, []string{`only some of them`}},
		{expr: `not flags S/SA`},
		{`proto tcp and port 80 or port 443`, `1:1`, []string{`proto tcp and (port 80 or port 443)`, `(proto tcp and port 80) or port 443`}},
		{`proto tcp && port 80 || port 443`, `1:1`, []string{`proto tcp and (port 80 or port 443)`, `(proto tcp and port 80) or port 443`}},
		{`not port 1 or proto tcp and port 80 or port 443`, `1:1`, []string{`not port 1 or (proto tcp and (port 80 or port 443))`, `not port 1 or (proto tcp and port 80) or port 443`}},
		{`udp or (proto tcp and port 80 or port 443)`, `1:9`, []string{`proto tcp and (port 80 or port 443)`, `(proto tcp and port 80) or port 443`}},
		{`port <0`, `1:1`, []string{`never true`}},
		{`proto tcp and port <0`, `1:15`, []string{`never true`}},
		{`port >=0`, `1:1`, []string{`always true`}},
		{`udp and src port >=0`, `1:9`, []string{`always true`}},
		{`port 0-65535`, `1:1`, []string{`always true`}},
		{`proto tcp and proto udp`, `1:1`, []string{`never true`}},
		{`tcp and udp`, `1:1`, []string{`never true`}},
		{`src port 80 and src port 443`, `1:1`, []string{`never true`}},
		{expr: `port 80 and port 443`},
		{`bytes >10 and bytes <5`, `1:1`, []string{`never true`}},
		{`proto tcp or not proto tcp`, `1:1`, []string{`always true`}},
		{`udp and tcpflags syn`, `1:1`, []string{`never true`}},
		{`flags S and udp`, `1:1`, []string{`never true`}},
		{expr: `tcp and tcpflags syn`},
		{`icmp and tcp port 80`, `1:1`, []string{`never true`}},
		{"port 80\nor (tcp and udp)", `2:5`, []string{`never true`}},
		{`duration > 5000`, `1:12`, []string{`seconds`, `5000ms`, `nfdump`}},
		{`duration <5000`, `1:11`, []string{`seconds`, `5000ms`}},
		{`duration 100-5000`, `1:10`, []string{`seconds`}},
		{expr: `duration > 3600`},
		{expr: `duration > 5000s`},
		{expr: `duration > 5000ms`},
		{`port 80 and`, `1:9`, []string{`and`}},
		{`port 80 or`, `1:9`, []string{`or`}},
		{`(port 80 or) and udp`, `1:10`, []string{`or`}},
	} {
		t.Run(l.expr, func(t *testing.T) {
			ws, err := filter.Lint(l.expr)
			require.NoError(t, err)
			if l.place == "" {
				require.Empty(t, ws)
				return
			}
			require.NotEmpty(t, ws)
			text := ws[0].String()
			require.True(t, strings.HasPrefix(text, l.place+": "), text)
			require.Contains(t, text, "^")
			for _, s := range l.says {
				require.Contains(t, ws[0].Message, s)
			}
		})
	}
	ws, err := filter.Lint(`proto tcp and port 80 or port 443`, filter.Precedence(filter.Standard))
	require.NoError(t, err)
	for _, w := range ws { // if it warns at all, then of what it does
		require.Contains(t, w.Message, `(proto tcp and port 80) or port 443`)
	}
	_, err = filter.Lint(`prot tcp`)
	_ = checkError(t, `prot tcp`, err)
}
