// A program that knows nothing of jetshare: it finds its server by a context of the nats
// command line, and speaks JetStream by nats.go. It prints one JSON object of what it saw.
//
//	consumer take   <context> <prefix> <stream> <consumer> consume|fetch|next <count>
//	consumer manage <context> <stream> <subject>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jsm.go/natscontext"
	"github.com/nats-io/nats.go"
)

const patience = 20 * time.Second

func main() {
	seen, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		panic(err)
	}
}

func run(words []string) (any, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("too few words: %q", words)
	}
	nc, prefix, err := connect(words[1])
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch {
	case words[0] == "take" && len(words) == 7:
		if words[2] != "" {
			prefix = words[2]
		}
		return take(ctx, nc, prefix, words[3], words[4], words[5], words[6])
	case words[0] == "manage" && len(words) == 4:
		return manage(ctx, nc, words[2], words[3])
	}
	return nil, fmt.Errorf("words that are not known: %q", words)
}

// connect gives the API prefix of the context too, for natscontext leaves that to its caller.
func connect(name string) (*nats.Conn, string, error) {
	found, err := natscontext.New(name, true)
	if err != nil {
		return nil, "", err
	}
	nc, err := found.Connect(nats.MaxReconnects(0))
	return nc, found.JSAPIPrefix(), err
}
