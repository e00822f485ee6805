package kafka

import (
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// parcel is the records of one batch, from when they are made until all of them are
// delivered or have failed. It is used again then.
type parcel struct {
	sink    *producer
	topic   *topicName
	key     *codec.CSVEncoder // nil for none
	encoder encoder

	buf     []byte // of keys and values
	records []kgo.Record
	rows    []uint16 // by record
	release func(error)
	left    atomic.Int32
	promise func(*kgo.Record, error)

	mu     sync.Mutex
	failed flow.PartialError
}

func (s *producer) newParcel() (*parcel, error) {
	topic, err := parseTopic(s.topic)
	if err != nil {
		return nil, err
	}
	p := &parcel{sink: s, topic: topic, encoder: s.format.encoder()}
	if len(s.key) > 0 {
		p.key = codec.NewCSVEncoder(s.key...)
	}
	p.promise = p.settle
	return p, nil
}

// Bind implements pipeline.Binder.
func (p *parcel) Bind(l *flow.Layout) error {
	if err := p.topic.Bind(l); err != nil || p.key == nil {
		return err
	}
	return p.key.Bind(l)
}

// pack makes a record of each selected flow.
func (p *parcel) pack(b *flow.Batch) {
	p.buf, p.records, p.rows = p.buf[:0], p.records[:0], p.rows[:0]
	p.failed = flow.PartialError{}
	p.encoder.Begin(b)
	flows, rows := b.Raw()
	for _, r := range rows {
		fl := &flows[r]
		topic, err := p.topic.of(b, fl)
		if err != nil {
			p.fail(r, err)
			continue
		}
		rec := kgo.Record{Topic: topic, Headers: p.sink.headers}
		if p.key != nil {
			from := len(p.buf)
			p.buf = p.key.AppendFlow(p.buf, b, fl)
			p.buf = p.buf[:len(p.buf)-1] // the line feed
			rec.Key = p.buf[from:len(p.buf):len(p.buf)]
		}
		from := len(p.buf)
		p.buf = p.encoder.AppendFlow(p.buf, fl)
		rec.Value = p.buf[from:len(p.buf):len(p.buf)]
		p.records = append(p.records, rec)
		p.rows = append(p.rows, r)
	}
}

func (p *parcel) fail(row uint16, err error) {
	p.failed.Rows = append(p.failed.Rows, row)
	if p.failed.Err == nil {
		p.failed.Err = err
	}
}

// settle is told what became of a record.
func (p *parcel) settle(r *kgo.Record, err error) {
	if err != nil {
		p.mu.Lock()
		for i := range p.records {
			if &p.records[i] == r {
				p.fail(p.rows[i], topicError(r, err))
			}
		}
		p.mu.Unlock()
	}
	if p.left.Add(-1) == 0 {
		p.finish()
	}
}

// finish tells the batch, and gives the parcel back.
func (p *parcel) finish() {
	var err error
	delivered, bytes := len(p.records), len(p.buf)
	if len(p.failed.Rows) > 0 {
		failed := p.failed
		err = &failed
		delivered, bytes = p.delivered()
	}
	p.sink.records.Add(uint64(delivered))
	p.sink.bytes.Add(uint64(bytes))
	p.release(err)
	p.release = nil
	p.sink.put(p)
}

// delivered counts the records that did not fail, and the bytes of them.
func (p *parcel) delivered() (records, bytes int) {
	lost := map[uint16]bool{}
	for _, r := range p.failed.Rows {
		lost[r] = true
	}
	for i := range p.records {
		if r := &p.records[i]; !lost[p.rows[i]] {
			records++
			bytes += len(r.Key) + len(r.Value)
		}
	}
	return records, bytes
}
