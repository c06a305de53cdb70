// Command fasterapi makes a new service, tells what one is, checks and measures it, and writes the files that run it.
//
//	go install github.com/fasterapi/fasterapi/cmd/fasterapi@latest
//
//	fasterapi new shop --template postgres
//	fasterapi dev
//	fasterapi routes                  # of the program in this folder
//	fasterapi explain 'GET /users/{id}'
//	fasterapi openapi --check openapi.json
//	fasterapi check
//	fasterapi gen nginx -o nginx.conf
//	fasterapi bench http://localhost:8000/ --rate 2000
//
// See docs/how-to/cli.md. The service is built and asked; nothing of it is started.
//
// The exit status is 0, 1 when what was asked about is not as it should be (check finds a
// failure, a file differs), and 2 when the command could not tell.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
)

// errNotSo is what makes the exit status 1: the output has said why.
var errNotSo = errors.New("not as it should be")

// service is how the commands find the service.
type service struct {
	Package string        `short:"p" default:"." help:"Package of the program, such as ./cmd/shop."`
	Binary  string        `placeholder:"FILE" help:"The built program, instead of building one."`
	Dir     string        `short:"C" placeholder:"DIR" help:"Folder to work in."`
	Arg     []string      `placeholder:"ARG" sep:"none" help:"Argument for the program, to be repeated."`
	Timeout time.Duration `default:"30s" help:"How long the program may take to describe itself."`
}

func (s *service) load(ctx context.Context) (*appinfo.Description, error) {
	return appinfo.Load(ctx, appinfo.Source{Package: s.Package, Binary: s.Binary, Dir: s.Dir, Args: s.Arg, Timeout: s.Timeout})
}

// errorWriter is standard error, for the commands that write to it.
type errorWriter interface{ io.Writer }

type commands struct {
	New        newCommand        `cmd:"" help:"Make a new service."`
	Dev        devCommand        `cmd:"" help:"Serve, and build anew when a file changes."`
	Routes     routesCommand     `cmd:"" help:"List the routes."`
	Explain    explainCommand    `cmd:"" help:"Tell everything about a route."`
	OpenAPI    openapiCommand    `cmd:"" name:"openapi" help:"Print the OpenAPI document, or compare it with a file."`
	Check      checkCommand      `cmd:"" help:"Go through the production checklist."`
	Doctor     doctorCommand     `cmd:"" help:"Look at this machine: what keeps a service from working here, or makes it slow."`
	Bench      benchCommand      `cmd:"" help:"Send requests at a rate, and tell how long the answers took."`
	Gen        genCommand        `cmd:"" help:"Write a file that runs the service."`
	Client     clientCommand     `cmd:"" help:"Make a client of the document, for Go or TypeScript."`
	Completion completionCommand `cmd:"" help:"Print what a shell needs to complete command lines."`
	Complete   completeCommand   `cmd:"" hidden:""`
	Version    versionCommand    `cmd:"" help:"Print the version of this command."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ended := -1 // help ends the command early
	parser, err := kong.New(&commands{}, kong.Name("fasterapi"), kong.Writers(stdout, stderr), kong.Exit(func(code int) { ended = code }),
		kong.Description("Makes a new service, serves it while it is written, tells what one is, checks and measures it, and writes the files that run it."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)), kong.BindTo(stderr, (*errorWriter)(nil)))
	if err != nil {
		fmt.Fprintln(stderr, "fasterapi:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if ended >= 0 {
		return ended
	}
	if err == nil {
		err = parsed.Run()
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNotSo):
		return 1
	}
	fmt.Fprintln(stderr, "fasterapi:", err)
	return 2
}
