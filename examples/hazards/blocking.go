package hazards

import (
	"context"
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// Read names a file.
type Read struct {
	Name string `query:"name" required:"true"`
}

// snippet: blocking-wrong

// Registered with OnReactor: every connection of this core waits for the disk.
func fileWrong(_ *fasterapi.Ctx, in Read) (fasterapi.Text, error) {
	data, err := os.ReadFile(in.Name)
	return fasterapi.Text(data), err
}

// end snippet

// snippet: blocking-right

// async.Go runs what blocks on a goroutine; the reactor goes on meanwhile. Or
// leave OnReactor out: then the whole handler runs on a goroutine.
func file(c *fasterapi.Ctx, in Read) (fasterapi.Text, error) {
	data, err := async.Go(c, func(context.Context) ([]byte, error) {
		return os.ReadFile(in.Name)
	}).Await(c)
	return fasterapi.Text(data), err
}

// end snippet

// snippet: continuation-wrong

// The handler may block, its continuations may not: they run on the reactor.
func sizeWrong(c *fasterapi.Ctx, in Read) (fasterapi.Text, error) {
	return async.Go(c, func(context.Context) (string, error) { return in.Name, nil }).
		ThenErr(func(name string) (fasterapi.Text, error) {
			data, err := os.ReadFile(name)
			return fasterapi.Text(data), err
		}).Await(c)
}

// end snippet

// snippet: continuation-right

func size(c *fasterapi.Ctx, in Read) (fasterapi.Text, error) {
	name, err := async.Go(c, func(context.Context) (string, error) { return in.Name, nil }).Await(c)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(name) // after Await we are on our goroutine again
	return fasterapi.Text(data), err
}

// end snippet
