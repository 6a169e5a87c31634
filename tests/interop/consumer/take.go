package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type message struct {
	Subject  string `json:"subject"`
	Body     string `json:"body"`
	Sequence uint64 `json:"sequence"`
}

// take pulls messages through a share and acknowledges each, confirmed where they come one
// by one.
func take(
	ctx context.Context, nc *nats.Conn, prefix, stream, consumer, how, count string,
) ([]message, error) {
	n, err := strconv.Atoi(count)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.NewWithAPIPrefix(nc, prefix)
	if err != nil {
		return nil, err
	}
	pull, err := js.Consumer(ctx, stream, consumer)
	if err != nil {
		return nil, err
	}
	switch how {
	case "consume":
		return consume(ctx, nc, pull, n)
	case "fetch":
		return fetch(nc, pull, n)
	case "next":
		return next(ctx, pull, n)
	}
	return nil, fmt.Errorf("no way to take messages: %q", how)
}

func consume(
	ctx context.Context, nc *nats.Conn, pull jetstream.Consumer, n int,
) ([]message, error) {
	arrived := make(chan jetstream.Msg)
	failed := make(chan error, 1)
	running, err := pull.Consume(
		func(msg jetstream.Msg) { arrived <- msg },
		jetstream.PullExpiry(4*time.Second), // so that it soon sees that a share has ended
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			if errors.Is(err, jetstream.ErrNoHeartbeat) {
				return // it pulls again, and the answer to that is what counts
			}
			select {
			case failed <- err:
			default: // the first one is told
			}
		}),
	)
	if err != nil {
		return nil, err
	}
	defer running.Stop()
	var taken []message
	for len(taken) < n {
		select {
		case msg := <-arrived:
			seen, err := acknowledged(msg)
			if err != nil {
				return nil, err
			}
			taken = append(taken, seen)
		case err := <-failed:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return taken, nc.Flush()
}

func fetch(nc *nats.Conn, pull jetstream.Consumer, n int) ([]message, error) {
	batch, err := pull.Fetch(n)
	if err != nil {
		return nil, err
	}
	var taken []message
	for msg := range batch.Messages() {
		seen, err := acknowledged(msg)
		if err != nil {
			return nil, err
		}
		taken = append(taken, seen)
	}
	if err := batch.Error(); err != nil {
		return nil, err
	}
	return taken, nc.Flush()
}

func next(ctx context.Context, pull jetstream.Consumer, n int) ([]message, error) {
	var taken []message
	for range n {
		msg, err := pull.Next()
		if err != nil {
			return nil, err
		}
		if err := msg.DoubleAck(ctx); err != nil {
			return nil, err
		}
		seen, err := described(msg)
		if err != nil {
			return nil, err
		}
		taken = append(taken, seen)
	}
	return taken, nil
}

func acknowledged(msg jetstream.Msg) (message, error) {
	if err := msg.Ack(); err != nil {
		return message{}, err
	}
	return described(msg)
}

func described(msg jetstream.Msg) (message, error) {
	about, err := msg.Metadata()
	if err != nil {
		return message{}, err
	}
	return message{
		Subject: msg.Subject(), Body: string(msg.Data()), Sequence: about.Sequence.Stream,
	}, nil
}
