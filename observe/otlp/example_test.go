package otlp_test

import (
	"context"
	"log"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/observe/otlp"
)

// snippet: new

// newApp is an app whose requests are traced: those whose callers ask for it, and five of a hundred others.
func newApp() (*fasterapi.App, error) {
	traces, err := otlp.New(otlp.Config{Endpoint: "http://collector:4318", Service: "shop", Ratio: 0.05})
	if err != nil {
		return nil, err
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Observe: observe.Config{Tracer: traces}})
	app.OnStop(traces.Close)
	app.Get("/weigh", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		ctx, span := traces.TracerProvider().Tracer("shop").Start(c, "weigh") // a span of our own, within that of the request
		defer span.End()
		return weigh(ctx), nil
	})
	return app, nil
}

// end snippet

func weigh(context.Context) fasterapi.Text { return "3 kg" }

func Example() {
	app, err := newApp()
	if err != nil {
		log.Fatal(err)
	}
	server, err := app.Start()
	if err != nil {
		log.Fatal(err)
	}
	log.Println(server.Shutdown(context.Background()))
	// Output:
}
