// The nats.go side of bench/consume.py: pulls n messages, acknowledges each of
// them, and prints one line of JSON with what it took.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type result struct {
	Messages int     `json:"messages"`
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_seconds"`
	PeakRSS  int64   `json:"peak_rss"`
	Median   float64 `json:"median,omitempty"`
	P99      float64 `json:"p99,omitempty"`
	Version  string  `json:"version"`
}

func main() {
	url := flag.String("url", nats.DefaultURL, "server")
	creds := flag.String("creds", "", "creds file of the user")
	prefix := flag.String("prefix", "$JS.API", "JetStream API prefix")
	stream := flag.String("stream", "", "stream")
	consumer := flag.String("consumer", "", "durable pull consumer")
	n := flag.Int("n", 0, "messages to take")
	batch := flag.Int("batch", 1000, "messages a pull")
	mode := flag.String("mode", "consume", "consume, fetch or single (one at a time, confirmed)")
	flag.Parse()
	if err := run(*url, *creds, *prefix, *stream, *consumer, *mode, *n, *batch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, creds, prefix, stream, consumer, mode string, n, batch int) error {
	nc, err := nats.Connect(url, nats.UserCredentials(creds))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.NewWithAPIPrefix(nc, prefix)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	pull, err := js.Consumer(ctx, stream, consumer)
	if err != nil {
		return err
	}
	take, found := map[string]func(context.Context, jetstream.Consumer, int, int) ([]time.Duration, error){
		"consume": consume, "fetch": fetch, "single": single,
	}[mode]
	if !found {
		return fmt.Errorf("no mode %q", mode)
	}
	cpu, start := cpuSeconds(), time.Now()
	trips, err := take(ctx, pull, n, batch)
	if err != nil {
		return err
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	out := result{Messages: n, Seconds: time.Since(start).Seconds(), CPU: cpuSeconds() - cpu}
	out.PeakRSS, out.Version = peakRSS(), "nats.go "+nats.Version+", "+runtime.Version()
	if len(trips) > 0 {
		sort.Slice(trips, func(i, j int) bool { return trips[i] < trips[j] })
		out.Median, out.P99 = trips[len(trips)/2].Seconds(), trips[len(trips)*99/100].Seconds()
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func consume(ctx context.Context, pull jetstream.Consumer, n, batch int) ([]time.Duration, error) {
	seen, done := 0, make(chan error, 1)
	running, err := pull.Consume(func(msg jetstream.Msg) {
		if err := msg.Ack(); err != nil {
			done <- err
		}
		if seen++; seen == n {
			done <- nil
		}
	}, jetstream.PullMaxMessages(batch))
	if err != nil {
		return nil, err
	}
	defer running.Stop()
	select {
	case err := <-done:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func fetch(_ context.Context, pull jetstream.Consumer, n, batch int) ([]time.Duration, error) {
	for seen := 0; seen < n; {
		got, err := pull.Fetch(min(batch, n-seen))
		if err != nil {
			return nil, err
		}
		for msg := range got.Messages() {
			if err := msg.Ack(); err != nil {
				return nil, err
			}
			seen++
		}
		if err := got.Error(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// single takes one message a pull and waits for the confirmation of its acknowledgement.
func single(ctx context.Context, pull jetstream.Consumer, n, _ int) ([]time.Duration, error) {
	trips := make([]time.Duration, 0, n)
	for len(trips) < n {
		start := time.Now()
		msg, err := pull.Next()
		if err != nil {
			return nil, err
		}
		if err := msg.DoubleAck(ctx); err != nil {
			return nil, err
		}
		trips = append(trips, time.Since(start))
	}
	return trips, nil
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// peakRSS is in bytes. Rusage counts what the process was before exec; the kernel's own
// high-water mark does not.
func peakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "VmHWM:" {
			kib, _ := strconv.ParseInt(words[1], 10, 64)
			return kib * 1024
		}
	}
	return 0
}
