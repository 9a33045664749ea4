// Command bench measures a running konfa from outside: the real program, on
// SQLite and over TLS, against simulated peers on loopback addresses. It prints
// what one follow, delivery, inbound activity and page costs in CPU of the
// server alone, as the machine may be busy with other things.
//
//	go run ./test/bench -konfa bin/konfa
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	konfa := flag.String("konfa", "bin/konfa", "the program to measure")
	hosts := flag.Int("hosts", 200, "simulated servers, each with its own loopback address")
	replies := flag.Int("inbound", 3000, "activities to send to the inbox")
	posts := flag.Int("posts", 10, "posts to deliver to every server")
	forms := flag.Int("forms", 3000, "people who fill in the form of a conference")
	confs := flag.Int("conferences", 1000, "conferences in the calendar")
	seconds := flag.Duration("pages", 3*time.Second, "how long to read each page")
	database := flag.String("database", "", "postgres://… to measure on PostgreSQL")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *konfa, *database, *hosts, *replies, *posts, *forms, *confs, *seconds); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, konfa, database string, hosts, inbound, posts, forms, confs int, pages time.Duration) error {
	dir, err := os.MkdirTemp("", "konfa-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	peers, err := startPeers(ca, hosts)
	if err != nil {
		return err
	}
	defer peers.close()
	city, err := startCity(ctx, konfa, database, dir, ca)
	if err != nil {
		return err
	}
	defer city.stop()

	fmt.Printf("%-34s %8s %10s %12s %10s\n", "what", "times", "CPU ms", "a second", "memory MiB")
	city.report("idle", 0, usage{}, 0)
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return measureFollows(ctx, city, peers) },
		func(ctx context.Context) error { return measureDeliveries(ctx, city, peers, posts) },
		func(ctx context.Context) error { return measureInbound(ctx, city, peers, inbound) },
		func(ctx context.Context) error { return measureForms(ctx, city, forms) },
		func(ctx context.Context) error { return measurePages(ctx, city, confs, pages) },
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("%w\n%s", err, city.tail())
		}
	}
	return nil
}
