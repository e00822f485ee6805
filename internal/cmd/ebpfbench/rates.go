//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// compareRates measures how fast packets pass the interface.
func (b *bench) compareRates(out *strings.Builder, p *pair) error {
	all := exporters()
	server, err := p.serve()
	if err != nil {
		return err
	}
	defer server.stop()
	small, tcp := make([][]float64, len(all)), make([][]float64, len(all))
	for round := range b.rounds {
		for i := range all {
			i = (i + round) % len(all) // nobody always follows the same
			kpps, gbits, err := b.rates(p, server, &all[i])
			if err != nil {
				return err
			}
			small[i], tcp[i] = append(small[i], kpps), append(tcp[i], gbits)
		}
	}
	fmt.Fprintf(out, "Rates from one CPU, medians of %d rounds; the ratios are those of each round to its first row\n\n", b.rounds)
	fmt.Fprintln(out, "| | 64 bytes, k packets/s of the CPU | ratio (quartiles) | TCP, Gbit/s | ratio (quartiles) |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- |")
	for i, e := range all {
		fmt.Fprintf(out, "| %s | %.0f | %s | %.1f | %s |\n", e.name,
			quantile(small[i], 0.5), spreadOf(ratios(small[i], small[0])), quantile(tcp[i], 0.5), spreadOf(ratios(tcp[i], tcp[0])))
	}
	return nil
}

// rates measures both rates with an exporter.
func (b *bench) rates(p *pair, s *server, e *exporter) (kpps, gbits float64, err error) {
	r, err := e.start(p)
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		_, stopped := r.stop()
		err = errors.Join(err, stopped)
	}()
	rate, err := p.flood(b.flood)
	if err != nil {
		return 0, 0, err
	}
	gbits, err = s.measure(p, b.tcp)
	return rate / 1e3, gbits, err
}

func ratios(x, to []float64) []float64 {
	r := make([]float64, len(x))
	for i := range x {
		r[i] = x[i] / to[i]
	}
	return r
}

func spreadOf(x []float64) string {
	return fmt.Sprintf("%.3f (%.3f–%.3f)", quantile(x, 0.5), quantile(x, 0.25), quantile(x, 0.75))
}

func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[int(q*float64(len(x)-1)+0.5)]
}

// server is an iperf3 that receives at addrB; nil where there is none.
type server struct{ cmd *exec.Cmd }

func (p *pair) serve() (*server, error) {
	path, err := exec.LookPath("iperf3")
	if err != nil {
		return nil, nil // TCP is not measured
	}
	s := &server{exec.Command(path, "-s", "-B", addrB)}
	if err := p.b.Do(s.cmd.Start); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := p.b.Do(func() error {
			c, err := net.Dial("tcp", addrB+":5201")
			if err == nil {
				_ = c.Close()
			}
			return err
		})
		if err == nil {
			return s, nil
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("iperf3: %w", err)
		}
	}
}

func (s *server) stop() {
	if s != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// measure sends TCP for some seconds and returns the Gbit/s that came.
func (s *server) measure(p *pair, seconds int) (float64, error) {
	if s == nil {
		return 0, nil
	}
	cmd := exec.Command(s.cmd.Path, "-c", addrB, "-t", strconv.Itoa(seconds), "-J")
	var text []byte
	err := p.a.Do(func() (err error) {
		text, err = cmd.Output()
		return err
	})
	var report struct {
		Error string
		End   struct {
			Received struct {
				Rate float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if parsed := json.Unmarshal(text, &report); err == nil {
		err = parsed
	}
	if err != nil {
		return 0, fmt.Errorf("iperf3: %s: %w", report.Error, err)
	}
	return report.End.Received.Rate / 1e9, nil
}
