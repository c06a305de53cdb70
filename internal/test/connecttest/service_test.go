package connecttest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fasterapi/fasterapi"
)

type (
	number = wrapperspb.Int64Value
	text   = wrapperspb.StringValue
)

// The procedures of the service.
const (
	shout   = "/test.Words/Shout"
	count   = "/test.Words/Count"
	sum     = "/test.Words/Sum"
	echo    = "/test.Words/Echo"
	fail    = "/test.Words/Fail"
	failing = "/test.Words/Failing"
	wait    = "/test.Words/Wait"
)

// words is a service as connect-go generates one, but for the generator.
//
// Owner: any (immutable once made).
type words struct {
	// cancelled gets why the context of a call of wait has ended; it has room for those of a test.
	cancelled chan error
}

// handlers are those of the service, by their paths.
func (s *words) handlers() map[string]http.Handler {
	return map[string]http.Handler{
		shout:   connect.NewUnaryHandler(shout, s.shout),
		count:   connect.NewServerStreamHandler(count, s.count),
		sum:     connect.NewClientStreamHandler(sum, s.sum),
		echo:    connect.NewBidiStreamHandler(echo, s.echo),
		fail:    connect.NewUnaryHandler(fail, s.fail),
		failing: connect.NewServerStreamHandler(failing, s.failing),
		wait:    connect.NewBidiStreamHandler(wait, s.wait),
	}
}

// shout answers in capitals, with a field before and one behind its message.
func (*words) shout(_ context.Context, in *connect.Request[text]) (*connect.Response[text], error) {
	out := connect.NewResponse(wrapperspb.String(strings.ToUpper(in.Msg.Value)))
	out.Header().Set("X-Before", in.Header().Get("X-Word"))
	out.Trailer().Set("X-Behind", "behind")
	return out, nil
}

// count sends the numbers from 1 to that of the request.
func (*words) count(_ context.Context, in *connect.Request[number], out *connect.ServerStream[number]) error {
	out.ResponseTrailer().Set("X-Behind", "behind")
	for i := int64(1); i <= in.Msg.Value; i++ {
		if err := out.Send(wrapperspb.Int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// sum adds what comes up.
func (*words) sum(_ context.Context, in *connect.ClientStream[number]) (*connect.Response[number], error) {
	total := int64(0)
	for in.Receive() {
		total += in.Msg().Value
	}
	return connect.NewResponse(wrapperspb.Int64(total)), in.Err()
}

// echo answers each message before the next one comes.
func (*words) echo(_ context.Context, both *connect.BidiStream[text, text]) error {
	for {
		in, err := both.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := both.Send(wrapperspb.String("re: " + in.Value)); err != nil {
			return err
		}
	}
}

// fail has no answer but an error with fields of its own, which gRPC sends in the head alone (trailers-only).
func (*words) fail(context.Context, *connect.Request[text]) (*connect.Response[text], error) {
	err := connect.NewError(connect.CodeFailedPrecondition, errors.New("not like this: 100 % wrong"))
	err.Meta().Set("X-Why", "because")
	if detail, wrong := connect.NewErrorDetail(wrapperspb.String("a detail")); wrong == nil {
		err.AddDetail(detail)
	}
	return nil, err
}

// failing fails behind some messages.
func (s *words) failing(_ context.Context, in *connect.Request[number], out *connect.ServerStream[number]) error {
	for i := range in.Msg.Value {
		if err := out.Send(wrapperspb.Int64(i)); err != nil {
			return err
		}
	}
	return connect.NewError(connect.CodeResourceExhausted, errors.New("no more"))
}

// wait says that it is there, and waits until its caller has gone.
func (s *words) wait(ctx context.Context, both *connect.BidiStream[emptypb.Empty, emptypb.Empty]) error {
	if err := both.Send(&emptypb.Empty{}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		s.cancelled <- ctx.Err()
		return ctx.Err()
	case <-time.After(time.Minute):
		s.cancelled <- nil
		return nil
	}
}

// way is how a client reaches the service.
//
// Owner: the test's goroutine.
type way struct {
	url     string
	http    *http.Client
	service *words
	options []connect.ClientOption
	// duplex: the carrier has streams in both directions at a time.
	duplex bool
	grpc   bool
}

// everyWay runs test with each protocol of connect-go over what carries it: HTTP/2 of the reactors with and without TLS,
// their HTTP/1.1, and net/http.
func everyWay(t *testing.T, test func(t *testing.T, w way)) {
	for name, start := range map[string]func(t *testing.T, s *words) way{
		"h2c": overH2C, "h2": overTLS, "HTTP 1.1": overHTTP1, "net http": overNetHTTP,
	} {
		for protocol, option := range map[string]connect.ClientOption{
			"Connect": connect.WithClientOptions(), "Connect JSON": connect.WithProtoJSON(), "gRPC": connect.WithGRPC(), "gRPC-Web": connect.WithGRPCWeb(),
		} {
			if protocol == "gRPC" && name == "HTTP 1.1" {
				continue // it needs HTTP/2
			}
			t.Run(name+"/"+protocol, func(t *testing.T) {
				w := start(t, &words{cancelled: make(chan error, 4)})
				w.grpc = protocol == "gRPC"
				w.options = []connect.ClientOption{option}
				test(t, w)
			})
		}
	}
}

// newApp mounts the service, as the code that connect-go generates is mounted.
func newApp(cfg fasterapi.Config, s *words) *fasterapi.App {
	cfg.Addr, cfg.Cores, cfg.Logger = "127.0.0.1:0", 2, slog.New(slog.DiscardHandler)
	cfg.HTTP.WriteTimeout = 5 * time.Minute // a busy machine is no slow client
	app := fasterapi.New(cfg)
	mux := http.NewServeMux()
	for path, h := range s.handlers() {
		mux.Handle(path, h)
	}
	app.Mount("/", mux)
	return app
}

// serve starts an app, and returns its address.
func serve(t *testing.T, cfg fasterapi.Config, s *words) string {
	server, err := newApp(cfg, s).Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return server.Addr().String()
}

// client is one of net/http that speaks what set says.
func client(t *testing.T, roots *tls.Config, set func(*http.Protocols)) *http.Client {
	transport := &http.Transport{TLSClientConfig: roots, Protocols: new(http.Protocols)}
	set(transport.Protocols)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func overH2C(t *testing.T, s *words) way {
	over := client(t, nil, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	return way{url: "http://" + serve(t, fasterapi.Config{H2C: true}, s), http: over, service: s, duplex: true}
}

func overHTTP1(t *testing.T, s *words) way {
	over := client(t, nil, func(p *http.Protocols) { p.SetHTTP1(true) })
	return way{url: "http://" + serve(t, fasterapi.Config{}, s), http: over, service: s}
}

func overTLS(t *testing.T, s *words) way {
	borrowed := httptest.NewUnstartedServer(nil) // it has a certificate of 127.0.0.1
	borrowed.StartTLS()
	defer borrowed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(borrowed.Certificate())
	over := client(t, &tls.Config{RootCAs: roots}, func(p *http.Protocols) { p.SetHTTP2(true) })
	cfg := fasterapi.Config{TLS: &tls.Config{Certificates: borrowed.TLS.Certificates}}
	return way{url: "https://" + serve(t, cfg, s), http: over, service: s, duplex: true}
}

func overNetHTTP(t *testing.T, s *words) way {
	over := client(t, nil, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	return way{url: "http://" + serve(t, fasterapi.Config{H2C: true, NetHTTP: true}, s), http: over, service: s, duplex: true}
}
