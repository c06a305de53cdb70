package main

import (
	"context"
	"io"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/doctor"
)

type doctorCommand struct {
	Dir         string `short:"C" placeholder:"DIR" help:"Folder of the service, with its go.mod and .env."`
	Port        int    `help:"Port of the service. Default: the variable PORT, else 8000."`
	Connections int    `default:"10000" help:"Connections of clients that a process should be able to hold."`
	Cert        string `placeholder:"FILE" help:"Certificate of the service."`
	Key         string `placeholder:"FILE" help:"Its key."`
	Strict      bool   `help:"Fail for warnings, too."`
	JSON        bool   `name:"json" help:"Print JSON."`
}

func (c *doctorCommand) Run(ctx context.Context, w io.Writer) error {
	items := doctor.Look(ctx, doctor.Options{Dir: c.Dir, Port: c.Port, Connections: c.Connections, Cert: c.Cert, Key: c.Key})
	return printItems(w, items, c.JSON, c.Strict)
}

// printItems prints a list, and is errNotSo when something fails.
func printItems(w io.Writer, items []checklist.Item, asJSON, strict bool) (err error) {
	bad := false
	for _, item := range items {
		bad = bad || item.Level == checklist.Fail || strict && item.Level == checklist.Warn
	}
	if asJSON {
		err = printJSON(w, items)
	} else {
		err = printLines(w, items)
	}
	if err == nil && bad {
		return errNotSo
	}
	return err
}
