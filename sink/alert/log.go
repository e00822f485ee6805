package alert

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Log writes each flow or event to the pipeline's logger, with the message and at
// the level given; the fields that are present are its attributes, by name.
func Log(level slog.Level, message string) pipeline.Sink {
	return pipeline.NewSink("log", func() (pipeline.Sink, error) { return &logger{level: level, message: message}, nil })
}

type logger struct {
	level   slog.Level
	message string
	log     *slog.Logger
	fields  fields
}

// Open implements pipeline.Opener.
func (l *logger) Open(_ context.Context, env pipeline.Env) error {
	l.fields.open()
	l.log = env.Logger
	return nil
}

// Write implements pipeline.Sink.
func (l *logger) Write(ctx context.Context, b *flow.Batch) error {
	if !l.log.Enabled(ctx, l.level) {
		return nil
	}
	l.fields.begin(b)
	flows, rows := b.Raw()
	for _, i := range rows {
		values, err := l.fields.values(&flows[i])
		if err != nil {
			return err
		}
		attrs := make([]slog.Attr, 0, len(values))
		for _, name := range slices.Sorted(maps.Keys(values)) {
			attrs = append(attrs, slog.Any(name, values[name]))
		}
		l.log.LogAttrs(ctx, l.level, l.message, attrs...)
	}
	return nil
}
