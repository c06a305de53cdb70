package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// options are those of a run.
type options struct {
	names    []string
	work     time.Duration // processor time of a request
	database string        // where each makes a query besides; "" for none
	peak     time.Duration // the lengths of the phases
	normal   time.Duration
	flood    time.Duration
	patience time.Duration
	conns    int
}

// peakClients are enough to keep a core busy, and few enough that none waits for long.
const peakClients = 8

// The load, by the peak.
const (
	normalShare = 0.7
	floodShare  = 3
)

func main() {
	output := flag.String("o", "", "write the section into this Markdown file")
	names := flag.String("servers", strings.Join(servers, ","), "some of them")
	o := options{peak: 3 * time.Second, normal: 5 * time.Second, patience: 2 * time.Second, conns: 8192}
	flag.DurationVar(&o.work, "work", time.Millisecond, "processor time of a request")
	flag.DurationVar(&o.flood, "flood", 10*time.Second, "how long the overload lasts")
	flag.StringVar(&o.database, "database", "", "make a query of each request at this URL, too")
	server := flag.String("serve", "", "be this server (what the command starts)")
	rounds := flag.Int("rounds", 0, "of its work")
	flag.Parse()
	o.names = strings.Split(*names, ",")
	err := error(nil)
	if *server != "" {
		err = serve(*server, job{*rounds, o.database}, func(addr string) { fmt.Println(addr) })
	} else {
		err = run(o, *output)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "overload:", err)
		os.Exit(1)
	}
}

func run(o options, output string) error {
	debug.SetGCPercent(-1) // the generator's own collections would be late requests: some 400 MB in all
	begun := time.Now()
	each := job{calibrate(o.work), o.database}
	var all []*outcome
	for _, name := range o.names {
		one, err := measure(o, name, each)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	text := report(o, all, begun)
	fmt.Print(text)
	if output == "" {
		return nil
	}
	section := "overload"
	if o.database != "" {
		section = "overload-query"
	}
	return results.WriteSection(output, section, text)
}

// outcome is what was seen of a server.
type outcome struct {
	name                string
	peak                float64 // good answers per second
	normal, flood, back Figures
	goodput             float64         // of the flood, per second
	recovery            time.Duration   // after it
	health              []time.Duration // of /health, in order of their time: flood and afterwards
	sick                int             // of these: without an answer of 200
}

// measure runs all phases with one server.
func measure(o options, name string, each job) (*outcome, error) {
	p, err := start(name, each)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	ctx := context.Background()
	one := &outcome{name: name}
	if one.peak = Peak(p.addr, workPath, peakClients, o.peak); one.peak == 0 {
		return nil, fmt.Errorf("%s gives no good answers", name)
	}
	load := Load{Addr: p.addr, Path: workPath, Rate: normalShare * one.peak, For: o.normal, Patience: o.patience, Conns: o.conns}
	one.normal = Measure(load.Run(ctx))

	var health []Shot
	var asking sync.WaitGroup
	asking.Go(func() {
		health = Load{Addr: p.addr, Path: healthPath, Rate: 20, For: o.flood + o.normal, Patience: o.patience, Conns: 64}.Run(ctx)
	})
	flood := load
	flood.Rate, flood.For = floodShare*one.peak, o.flood
	one.flood = Measure(flood.Run(ctx))
	one.goodput = one.flood.Goodput(o.flood)
	back := load.Run(ctx)
	one.back, one.recovery = Measure(back), Recovery(back, 5*one.normal.P99)
	asking.Wait()
	for _, s := range health {
		if s.Status != 200 {
			one.sick++
		}
		one.health = append(one.health, s.Took)
	}
	return one, nil
}
