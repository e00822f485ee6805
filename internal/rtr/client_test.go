package rtr_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline/internal/rtr"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	one = rtr.Cache{Address: "one:323"}
	two = rtr.Cache{Address: "two:323"}
)

// loaded plays cache one up to its first End of Data, with VRPs a and b, serial 7
// of session 1.
func loaded(t *testing.T, c *caches) (p *peer, a, b vrp.VRP) {
	t.Helper()
	a, b = of(t, "192.0.2.0/24", 26, 64496), of(t, "2001:db8::/32", 48, 64497)
	p = c.accept("one:323")
	p.expect(reset(1))
	p.send(response(1, 1), announce(b), announce(a), end(1, 7))
	synctest.Wait()
	require.Equal(t, update{vrp.Set{a, b}, true}, c.latest())
	return p, a, b
}

func TestChangesFollowANotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, a, b := loaded(t, c)
		defer p.close()
		x := of(t, "198.51.100.0/24", 24, 64498)
		p.send(notify(1, 1, 8))
		p.expect(serial(1, 1, 7))
		p.send(response(1, 1), withdraw(a), announce(x), pdu(1, 9, 0x100, make([]byte, 115)...), end(1, 8))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{x, b}, true}, c.latest())

		p.send(notify(1, 1, 8)) // no news
		within(59 * time.Second)
		require.Len(t, c.updates, 2)
		within(time.Second) // refresh
		p.expect(serial(1, 1, 8))
		p.send(notify(1, 1, 9), response(1, 1), end(1, 9))
		synctest.Wait()
		require.Len(t, c.updates, 2, "nothing has changed")
		require.Empty(t, c.failed())
		require.Equal(t, 1, strings.Count(c.log.String(), "in use"))
	})
}

func TestCacheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, a, _ := loaded(t, c)
		defer p.close()
		p.send(notify(1, 1, 900))
		p.expect(serial(1, 1, 7))
		p.send(pdu(1, 8, 0))
		p.expect(reset(1))
		p.send(response(1, 1), announce(a), end(1, 900))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{a}, true}, c.latest())
		require.Empty(t, c.failed())
	})
}

func TestSessionGoesOnAfterALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, a, b := loaded(t, c)
		p.close()
		p = c.accept("one:323")
		p.expect(serial(1, 1, 7))
		p.send(response(1, 1), withdraw(a), end(1, 8))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{b}, true}, c.latest())
		p.close()

		// A cache that begins anew, and closes the connection instead of
		// answering, is asked for everything the next time.
		p = c.accept("one:323")
		p.expect(serial(1, 1, 8))
		p.close()
		p = c.accept("one:323")
		p.expect(reset(1))
		p.send(response(1, 2), announce(a), end(2, 1))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{a}, true}, c.latest())
		p.close()
	})
}

// TestAnotherSession: what a cache told in another session must not be used (RFC
// 8210 5.1).
func TestAnotherSession(t *testing.T) {
	for name, send := range map[string]func(p *peer){
		"notify": func(p *peer) { p.send(notify(1, 2, 8)) },
		"response": func(p *peer) {
			p.send(notify(1, 1, 8))
			p.expect(serial(1, 1, 7))
			p.send(response(1, 2))
		},
		"end": func(p *peer) {
			p.send(notify(1, 1, 8))
			p.expect(serial(1, 1, 7))
			p.send(response(1, 1), end(2, 8))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, "one:323")
				defer c.run(one)()
				p, a, _ := loaded(t, c)
				send(p)
				require.Equal(t, rtr.CorruptData, p.report())
				p.close()
				synctest.Wait()
				require.Equal(t, update{}, c.latest())
				p = c.accept("one:323")
				defer p.close()
				p.expect(reset(1))
				p.send(response(1, 2), announce(a), end(2, 1))
				synctest.Wait()
				require.Equal(t, update{vrp.Set{a}, true}, c.latest())
			})
		})
	}
}

func TestDataIsKeptUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, a, b := loaded(t, c)
		c.live("one:323", false)
		p.close()
		within(10*time.Minute - time.Second)
		require.Equal(t, update{vrp.Set{a, b}, true}, c.latest())
		within(2 * time.Second)
		require.Equal(t, update{}, c.latest())
		// It was tried after 1, 2, 4, 8, 16 and then each 20 s; the log has it once.
		require.InDelta(t, 34, len(c.failed()), 2)
		require.Equal(t, 1, strings.Count(c.log.String(), "RTR cache fails"))
		require.Equal(t, 1, strings.Count(c.log.String(), "VRPs are dropped"))
		require.ErrorContains(t, c.failed()[0], "RTR cache one:323: the cache has closed the connection")
		require.ErrorIs(t, c.failed()[1], errRefused)
	})
}

// TestSilentCache: one that is connected but does not answer confirms nothing.
func TestSilentCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, _, _ := loaded(t, c)
		within(time.Minute)
		p.expect(serial(1, 1, 7))
		within(time.Minute + time.Second)
		p.close()
		require.ErrorContains(t, c.failed()[0], "nothing more came within 1m0s")
	})
}

func TestTheMostPreferredCacheIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "two:323")
		defer c.run(one, two)()
		a, b := of(t, "192.0.2.0/24", 26, 64496), of(t, "2001:db8::/32", 48, 64497)
		p := c.accept("two:323") // one is dead
		p.expect(reset(1))
		p.send(response(1, 5), announce(b), end(5, 1))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{b}, true}, c.latest())

		// After the retry interval the first is tried, in vain.
		within(21 * time.Second)
		p.close()
		p = c.accept("two:323")
		p.expect(serial(1, 5, 1))
		p.send(response(1, 5), end(5, 1))
		synctest.Wait()
		require.Len(t, c.updates, 1)

		// And then with success.
		c.live("one:323", true)
		within(21 * time.Second)
		p.close()
		p = c.accept("one:323")
		defer p.close()
		p.expect(reset(1))
		p.send(response(1, 1), announce(a), end(1, 1))
		synctest.Wait()
		require.Equal(t, update{vrp.Set{a}, true}, c.latest())
		require.Len(t, c.failed(), 2, "the first, twice")
		require.Equal(t, 2, strings.Count(c.log.String(), "in use"))
	})
}

// TestVersion0 falls back as RFC 8210 7 tells, and stays with it.
func TestVersion0(t *testing.T) {
	a := of(t, "192.0.2.0/24", 26, 64496)
	end0 := func(n uint32) []byte { return pdu(0, 7, 3, u32(n)...) }
	for name, begin := range map[string]func(c *caches) *peer{
		"error report": func(c *caches) *peer {
			p := c.accept("one:323")
			p.expect(reset(1))
			p.send(failure(0, 4, "only version 0"))
			p.close()
			p = c.accept("one:323")
			p.expect(reset(0))
			return p
		},
		"older answer": func(c *caches) *peer {
			p := c.accept("one:323")
			go p.send(notify(0, 3, 1)) // before it knows the version
			p.expect(reset(1))
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, "one:323")
				defer c.run(one)()
				p := begin(c)
				p.send(response(0, 3), prefix(0, 1, a), end0(1))
				synctest.Wait()
				require.Equal(t, update{vrp.Set{a}, true}, c.latest())
				within(time.Hour) // the refresh interval of those that tell none
				p.expect(serial(0, 3, 1))
				p.send(response(0, 3), prefix(0, 0, a), end0(2))
				synctest.Wait()
				require.Equal(t, update{vrp.Set{}, true}, c.latest())
				p.close()
				p = c.accept("one:323")
				p.expect(serial(0, 3, 2))
				p.close()
			})
		})
	}
}

// TestMistakes of a cache are told to it, end the session, and cost no data.
func TestMistakes(t *testing.T) {
	a, b, x := of(t, "192.0.2.0/24", 26, 64496), of(t, "2001:db8::/32", 48, 64497), of(t, "198.51.100.0/24", 24, 64498)
	bad := announce(x)
	bad[10] = 33 // maximum length
	for name, m := range map[string]struct {
		code rtr.Code
		send [][]byte
		want string
	}{
		"announced twice":      {rtr.Duplicate, [][]byte{response(1, 1), announce(a), end(1, 8)}, "192.0.2.0/24-26 AS64496: announced although it is there"},
		"withdrawn twice":      {rtr.UnknownWithdrawal, [][]byte{response(1, 1), withdraw(x), end(1, 8)}, "198.51.100.0/24-24 AS64498: withdrawn although it is not there"},
		"maximum length":       {rtr.CorruptData, [][]byte{response(1, 1), bad}, "maximum length 33"},
		"no prefix length":     {rtr.CorruptData, [][]byte{response(1, 1), pdu(1, 4, 0, make([]byte, 11)...)}, "is not 19 bytes long"},
		"type of no PDU":       {rtr.UnsupportedType, [][]byte{response(1, 1), pdu(1, 99, 0)}, "PDU type 99"},
		"query of a router":    {rtr.UnsupportedType, [][]byte{reset(1)}, "PDU type 2"},
		"end without response": {rtr.CorruptData, [][]byte{end(1, 8)}, "a PDU of type 7 answers a query"},
		"response in response": {rtr.CorruptData, [][]byte{response(1, 1), response(1, 1)}, "a PDU of type 3 stands among prefixes"},
		"another version":      {rtr.UnexpectedVersion, [][]byte{response(0, 1)}, "the version changes from 1 to 0"},
		"endless PDU":          {rtr.CorruptData, [][]byte{{1, 10, 0, 0, 0xff, 0xff, 0xff, 0xff}}, "cannot be 4294967295 bytes long"},
		"no PDU":               {rtr.CorruptData, [][]byte{{1, 3, 0, 0, 0, 0, 0, 7}}, "cannot be 7 bytes long"},
		"report that is none":  {rtr.CorruptData, [][]byte{pdu(1, 10, 0, u32(5)...)}, "a PDU of type 10 in version 1 is not 12 bytes long"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, "one:323")
				defer c.run(one)()
				p, _, _ := loaded(t, c)
				p.send(notify(1, 1, 8))
				p.expect(serial(1, 1, 7))
				go p.send(m.send...)
				require.Equal(t, m.code, p.report())
				p.close()
				synctest.Wait()
				require.ErrorContains(t, c.failed()[0], m.want)
				require.Equal(t, update{vrp.Set{a, b}, true}, c.latest())
				p = c.accept("one:323")
				p.expect(reset(1))
				p.close()
			})
		})
	}
}

// TestReports of a cache are not answered.
func TestReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p := c.accept("one:323")
		p.expect(reset(1))
		p.send(failure(1, 2, "come\nback later"))
		_, err := p.conn.Read(make([]byte, 1))
		require.Error(t, err, "the router closes")
		synctest.Wait()
		require.ErrorContains(t, c.failed()[0], `the cache reports no data available: "come\nback later"`)
	})
}

func TestHalfAPDU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p, a, b := loaded(t, c)
		p.send(notify(1, 1, 8)[:5])
		within(2 * time.Minute) // the refresh interval is over
		p.close()
		synctest.Wait()
		require.ErrorContains(t, c.failed()[0], "nothing more came within 1m0s after 5 bytes of a PDU")
		p = c.accept("one:323")
		p.expect(serial(1, 1, 7))
		p.send(response(1, 1), announce(of(t, "10.0.0.0/8", 8, 1))[:11])
		p.close()
		synctest.Wait()
		all := c.failed()
		require.ErrorContains(t, all[len(all)-1], "the connection ends after 11 bytes of a PDU")
		require.Equal(t, update{vrp.Set{a, b}, true}, c.latest())
	})
}

// TestSlowPDUs arrive byte by byte.
func TestSlowPDUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := play(t, "one:323")
		defer c.run(one)()
		p := c.accept("one:323")
		defer p.close()
		p.expect(reset(1))
		a := of(t, "192.0.2.0/24", 26, 64496)
		for _, pdu := range [][]byte{response(1, 1), announce(a), end(1, 7)} {
			for _, x := range pdu {
				p.send([]byte{x})
				within(time.Second)
			}
		}
		synctest.Wait()
		require.Equal(t, update{vrp.Set{a}, true}, c.latest())
	})
}

// TestRecorded is what stayrtr 0.5.1 sends.
func TestRecorded(t *testing.T) {
	a, b := of(t, "192.0.2.0/24", 24, 64496), of(t, "2001:db8::/32", 48, 64497)
	for name, recorded := range map[string]string{
		"version 1": "0103b24e0000000801060000000000200120300020010db80000000000000000000000000000fbf1010400000000001401181800c00002000000fbf00107b24e000000180000000000000e100000025800001c20",
		"version 0": "0003b24e0000000800060000000000200120300020010db80000000000000000000000000000fbf1000400000000001401181800c00002000000fbf00007b24e0000000c00000000",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, "one:323")
				defer c.run(one)()
				p := c.accept("one:323")
				defer p.close()
				p.expect(reset(1))
				raw, err := hex.DecodeString(recorded)
				require.NoError(t, err)
				p.send(raw)
				synctest.Wait()
				require.Equal(t, update{vrp.Set{a, b}, true}, c.latest())
				within(time.Hour)
				p.expect(serial(raw[0], 0xb24e, 0))
			})
		})
	}
}
