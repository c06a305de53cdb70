package contest

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// Options are the command line of a contest.
type Options struct {
	Binaries  string
	Servers   string // names by comma; empty: all
	Scenarios string
	Turns     int
	Seconds   int // of a turn
	Conns     int
	Check     bool // only verify the answers
	Output    string
	Profiles  string
	JSON      string
}

// Declare adds the options to flags. servers and scenarios list the names that
// may be given.
func (o *Options) Declare(flags *flag.FlagSet, servers, scenarios string) {
	flags.StringVar(&o.Binaries, "bin", "bin", "folder of the built servers")
	flags.StringVar(&o.Servers, "servers", "", "only these, by comma: "+servers)
	flags.StringVar(&o.Scenarios, "scenarios", "", "only these, by comma: "+scenarios)
	flags.IntVar(&o.Turns, "turns", 8, "turns of each server in each scenario")
	flags.IntVar(&o.Seconds, "turn", 1, "seconds of a turn")
	flags.IntVar(&o.Conns, "conns", 64, "connections")
	flags.BoolVar(&o.Check, "check", false, "only check the answers")
	flags.StringVar(&o.Output, "o", "", "write the section into this Markdown file")
	flags.StringVar(&o.Profiles, "profile", "", "existing folder for CPU profiles of this framework's servers")
	flags.StringVar(&o.JSON, "json", "", "write every turn to this file")
}

// Harness returns what the options describe; Verify is for the caller to set.
// wrk's script is kept in folder.
func (o *Options) Harness(folder string) (*Harness, error) {
	h := &Harness{Binaries: o.Binaries, Turns: o.Turns}
	var err error
	if o.Profiles != "" {
		if h.Profiles, err = filepath.Abs(o.Profiles); err != nil {
			return nil, err
		}
	}
	h.Wrk, err = newWrk(folder, o.Conns, time.Duration(o.Seconds)*time.Second)
	return h, err
}

// Figures opens the figures of a run that was started by this target of make
// with these arguments.
func (o *Options) Figures(target string, args []string) Figures {
	r := Figures{Started: time.Now(), Command: "make " + target, Machine: results.Machine(), Conns: o.Conns, Turns: o.Turns}
	if rest := withoutFiles(args); len(rest) > 0 {
		r.Command += " BENCH='" + strings.Join(rest, " ") + "'"
	}
	return r
}

// withoutFiles leaves out the options that only name files.
func withoutFiles(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch strings.TrimLeft(args[i], "-") {
		case "bin", "o", "json", "profile", "root":
			i++
		default:
			out = append(out, args[i])
		}
	}
	return out
}

// Write prints the text of a section and puts it, and the figures, into the
// files asked for. What could not be measured is an error; then the section is
// not replaced.
func (o *Options) Write(stdout io.Writer, section, text string, figures any, failures []string) error {
	fmt.Fprint(stdout, text)
	if o.JSON != "" {
		data, err := json.Marshal(figures)
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.JSON, data, 0o644); err != nil {
			return err
		}
	}
	if err := Failed(failures); err != nil || o.Output == "" {
		return err
	}
	return results.WriteSection(o.Output, section, text)
}

// Failed makes an error of what could not be measured.
func Failed(failures []string) error {
	if len(failures) > 0 {
		return fmt.Errorf("not measured:\n  %s", strings.Join(failures, "\n  "))
	}
	return nil
}

// Say reports progress on standard error.
func Say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// RaiseDescriptors lifts the limit of this process and of the servers that it
// starts to at least n.
func RaiseDescriptors(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < n {
		return fmt.Errorf("%d descriptors are needed, the hard limit is %d (ulimit -Hn)", n, limit.Max)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
