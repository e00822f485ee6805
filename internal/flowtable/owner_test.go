package flowtable

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

func TestOwner(t *testing.T) {
	one, renamed, other := Owner{PID: 1, Cgroup: 1, Name: 1}, Owner{PID: 1, Cgroup: 1, Name: 2, Socket: 9}, Owner{PID: 2, Cgroup: 1}
	moved := Owner{PID: 1, Cgroup: 2}
	for name, c := range map[string]struct {
		owners []*Owner
		want   *Owner // nil for none
	}{
		"none":               {[]*Owner{nil, nil}, nil},
		"not known":          {[]*Owner{{}, {}}, nil},
		"one":                {[]*Owner{&one}, &one},
		"one, later":         {[]*Owner{nil, {}, &one}, &one},
		"one, then nobody":   {[]*Owner{&one, nil, {}}, &one},
		"the same":           {[]*Owner{&one, &renamed}, &renamed},
		"the socket stays":   {[]*Owner{&renamed, &one}, &Owner{PID: 1, Cgroup: 1, Name: 1, Socket: 9}},
		"two":                {[]*Owner{&one, &other}, nil},
		"two, and one again": {[]*Owner{&one, &other, &one}, nil},
		"several":            {[]*Owner{{Several: true}, &one}, nil},
		"one of several":     {[]*Owner{&one, {PID: 1, Cgroup: 1, Several: true}}, nil},
		"another group":      {[]*Owner{&one, &moved}, nil},
	} {
		var got *Owner
		f := newFeeder(Config{Tell: func(_ *flow.Batch, _ *flow.Flow, o *Owner) { copied := *o; got = &copied }}, 4)
		p := tcp(1, 80, 0x10, 100)
		for _, o := range c.owners {
			f.until(func(b *flow.Batch) bool { return f.table.Merge(p.Key(), p, &Delta{Packets: 1, Owner: o}, b) })
		}
		f.until(f.table.Flush)
		require.Len(t, f.flows, 1)
		require.Equal(t, c.want, got, name)
	}
}
