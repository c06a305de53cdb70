package devserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// built is a build that has ended.
type built struct {
	number  int
	program string   // file
	sum     [32]byte // of the program
	took    time.Duration
	failure *Failure
	err     error // not the service's fault: there is no go command
}

// build builds the service.
func (c *Config) build(ctx context.Context, number int, program string) built {
	begin := time.Now()
	args := append([]string{"build", "-buildvcs=false", "-o", program}, c.BuildArgs...)
	command := exec.CommandContext(ctx, "go", append(args, c.Package)...)
	command.Dir = c.Dir
	command.WaitDelay = time.Second
	ownGroup(command)
	out, err := command.CombinedOutput()
	b := built{number: number, program: program, took: time.Since(begin)}
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		b.failure = &Failure{Kind: BuildFailed, Text: end(out), Places: places(string(out))}
		return b
	}
	if b.err = err; err == nil {
		var text []byte
		text, b.err = os.ReadFile(program)
		b.sum = sha256.Sum256(text)
	}
	return b
}

var place = regexp.MustCompile(`^(?:vet: )?([^\s:][^:]*\.[a-z]+):(\d+):(?:(\d+):)? (.*)$`)

// places are the mistakes in what go build prints. Lines that begin with a tab belong to the one before.
func places(out string) (list []Place) {
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "\t") && len(list) > 0 {
			list[len(list)-1].Message += "\n" + strings.TrimSpace(line)
			continue
		}
		m := place.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := Place{File: strings.TrimPrefix(m[1], "./"), Message: m[4]}
		p.Line, _ = strconv.Atoi(m[2])
		p.Column, _ = strconv.Atoi(m[3])
		list = append(list, p)
	}
	return list
}

// most is how much of an output is kept, in bytes.
const most = 16 << 10

// end is the end of an output.
func end(out []byte) string {
	out = bytes.TrimSpace(out)
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}
