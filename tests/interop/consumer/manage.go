package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type managed struct {
	Created  string `json:"created"`
	Stored   uint64 `json:"stored"`
	Messages uint64 `json:"messages"`
	Consumer string `json:"consumer"`
	Waiting  uint64 `json:"waiting"`
	Gone     bool   `json:"gone"`
}

// manage is the life of a stream in the account of the context itself.
func manage(ctx context.Context, nc *nats.Conn, name, subject string) (managed, error) {
	var seen managed
	js, err := jetstream.New(nc)
	if err != nil {
		return seen, err
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject}, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return seen, err
	}
	seen.Created = stream.CachedInfo().Config.Name
	stored, err := js.Publish(ctx, subject, []byte("kept"))
	if err != nil {
		return seen, err
	}
	seen.Stored = stored.Sequence
	info, err := stream.Info(ctx)
	if err != nil {
		return seen, err
	}
	seen.Messages = info.State.Msgs
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: name + "-C1"})
	if err != nil {
		return seen, err
	}
	about, err := consumer.Info(ctx)
	if err != nil {
		return seen, err
	}
	seen.Consumer, seen.Waiting = about.Name, about.NumPending
	if err := js.DeleteStream(ctx, name); err != nil {
		return seen, err
	}
	_, err = js.Stream(ctx, name)
	if seen.Gone = errors.Is(err, jetstream.ErrStreamNotFound); !seen.Gone {
		return seen, fmt.Errorf("stream %s is there after it was deleted: %w", name, err)
	}
	return seen, nil
}
