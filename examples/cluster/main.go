// Command cluster is a whole service on one machine, with one command: three instances of the production example behind nginx, which share PostgreSQL and
// Redis. It needs initdb, pg_ctl, redis-server (or valkey-server), nginx and go.
//
//	go run ./examples/cluster            # http://127.0.0.1:8080/cluster, Ctrl-C ends all of it
//	go run ./examples/cluster --port 9000
//
// The page shows which instance answers, which one leads, and what happens in all of them. Kill an instance, or restart it with SIGUSR2, and look.
//
// The files: service.go is what the instances do together, beside package shop of the production example, cluster.go starts and stops the programs, nginx.go has
// `fasterapi gen nginx` write nginx's file, page.go is the page.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	port := flag.Int("port", 8080, "where nginx listens, on this machine only")
	flag.Parse()
	run := func() error { return runCluster(*port) }
	if name := os.Getenv("CLUSTER_INSTANCE"); name != "" {
		run = func() error { return runInstance(name) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runCluster starts everything and ends it on Ctrl-C.
func runCluster(port int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // where root runs this, PostgreSQL and nginx are other users
		return err
	}
	c := &cluster{dir: dir, port: port}
	defer c.stop()
	if err := c.start(ctx); err != nil {
		return err
	}
	fmt.Printf("http://127.0.0.1:%d/cluster  (instances: %s; Ctrl-C ends)\n", port, c.describe())
	<-ctx.Done()
	return nil
}
