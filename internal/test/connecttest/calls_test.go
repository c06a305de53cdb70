package connecttest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// call returns a client of a procedure.
func call[In, Out any](w way, procedure string) *connect.Client[In, Out] {
	return connect.NewClient[In, Out](w.http, w.url+procedure, w.options...)
}

// patient is a context for what is to come to its end, on a busy machine, too.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestUnary: a message each way, with fields before and behind it.
func TestUnary(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		for _, word := range []string{"", "hello", strings.Repeat("long ", 100_000)} {
			in := connect.NewRequest(wrapperspb.String(word))
			in.Header().Set("X-Word", "a word")
			out, err := call[text, text](w, shout).CallUnary(patient(t), in)
			require.NoError(t, err)
			require.Equal(t, strings.ToUpper(word), out.Msg.Value)
			require.Equal(t, "a word", out.Header().Get("X-Before"))
			require.Equal(t, "behind", out.Trailer().Get("X-Behind"))
		}
	})
}

// TestServerStream: many messages for one.
func TestServerStream(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		for _, n := range []int64{0, 1, 1000} {
			out, err := call[number, number](w, count).CallServerStream(patient(t), connect.NewRequest(wrapperspb.Int64(n)))
			require.NoError(t, err)
			got := int64(0)
			for out.Receive() {
				got++
				require.Equal(t, got, out.Msg().Value)
			}
			require.NoError(t, out.Err())
			require.Equal(t, n, got)
			require.Equal(t, "behind", out.ResponseTrailer().Get("X-Behind"))
			require.NoError(t, out.Close())
		}
	})
}

// TestClientStream: one message for many.
func TestClientStream(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		in := call[number, number](w, sum).CallClientStream(patient(t))
		for i := range int64(1000) {
			require.NoError(t, in.Send(wrapperspb.Int64(i)))
		}
		out, err := in.CloseAndReceive()
		require.NoError(t, err)
		require.EqualValues(t, 999*1000/2, out.Msg.Value)
	})
}

// TestBidirectional: a thousand messages each way, each of which waits for the answer to the one before; and messages that
// do not wait, which are more than the windows have room for.
func TestBidirectional(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		if !w.duplex {
			return
		}
		both := call[text, text](w, echo).CallBidiStream(patient(t))
		for i := range 1000 {
			require.NoError(t, both.Send(wrapperspb.String(fmt.Sprint(i))))
			out, err := both.Receive()
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("re: ", i), out.Value)
		}
		require.NoError(t, both.CloseRequest())
		_, err := both.Receive()
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, both.CloseResponse())

		both = call[text, text](w, echo).CallBidiStream(patient(t))
		const messages = 100
		long := strings.Repeat("x", 20_000)
		sent := make(chan error, 1)
		go func() {
			for range messages {
				if err := both.Send(wrapperspb.String(long)); err != nil {
					sent <- err
					return
				}
			}
			sent <- both.CloseRequest()
		}()
		got := 0
		for ; ; got++ {
			out, err := both.Receive()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			require.Len(t, out.Value, len(long)+4)
		}
		require.Equal(t, messages, got)
		require.NoError(t, <-sent)
	})
}

// TestErrors: an error with nothing before it, which gRPC sends without a body, and one behind messages.
func TestErrors(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		_, err := call[text, text](w, fail).CallUnary(patient(t), connect.NewRequest(wrapperspb.String("x")))
		failed := new(connect.Error)
		require.ErrorAs(t, err, &failed)
		require.Equal(t, connect.CodeFailedPrecondition, failed.Code())
		require.Equal(t, "not like this: 100 % wrong", failed.Message())
		require.Equal(t, "because", failed.Meta().Get("X-Why"))
		require.Len(t, failed.Details(), 1)

		for _, n := range []int64{0, 3} {
			out, err := call[number, number](w, failing).CallServerStream(patient(t), connect.NewRequest(wrapperspb.Int64(n)))
			require.NoError(t, err)
			got := int64(0)
			for out.Receive() {
				got++
			}
			require.Equal(t, n, got)
			require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(out.Err()))
			require.NoError(t, out.Close())
		}

		_, err = call[text, text](w, "/test.Words/None").CallUnary(patient(t), connect.NewRequest(wrapperspb.String("x")))
		require.Equal(t, connect.CodeUnimplemented, connect.CodeOf(err))
	})
}

// TestCancel: the context of a handler ends when its caller gives up.
func TestCancel(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		if !w.duplex {
			return
		}
		ctx, cancel := context.WithCancel(patient(t))
		both := call[emptypb.Empty, emptypb.Empty](w, wait).CallBidiStream(ctx)
		require.NoError(t, both.Send(&emptypb.Empty{}))
		_, err := both.Receive()
		require.NoError(t, err, "the handler is at work")
		cancel()
		_, err = both.Receive()
		require.Equal(t, connect.CodeCanceled, connect.CodeOf(err))
		_ = both.CloseRequest() // until then net/http waits for what it is to send
		_ = both.CloseResponse()
		require.ErrorIs(t, <-w.service.cancelled, context.Canceled)
	})
}

// TestDeadline: the time that a caller gives ends the context of the handler.
func TestDeadline(t *testing.T) {
	everyWay(t, func(t *testing.T, w way) {
		if !w.duplex {
			return
		}
		_, err := call[text, text](w, shout).CallUnary(patient(t), connect.NewRequest(wrapperspb.String("x")))
		require.NoError(t, err) // the connection is there: its making is no part of the time
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		both := call[emptypb.Empty, emptypb.Empty](w, wait).CallBidiStream(ctx)
		err = both.Send(&emptypb.Empty{})
		for err == nil {
			_, err = both.Receive()
		}
		require.Equal(t, connect.CodeDeadlineExceeded, connect.CodeOf(err))
		if w.grpc {
			deadlineOnTheWire(t, w)
		}
	})
}

// deadlineOnTheWire: a caller that says how long it waits, and waits longer, gets the answer of the handler.
func deadlineOnTheWire(t *testing.T, w way) {
	message := binary.BigEndian.AppendUint32([]byte{0}, 0) // an empty one, as it is
	request, err := http.NewRequestWithContext(patient(t), http.MethodPost, w.url+wait, strings.NewReader(string(message)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/grpc+proto")
	request.Header.Set("Te", "trailers")
	request.Header.Set("Grpc-Timeout", "50m")
	response, err := w.http.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	status := response.Trailer.Get("Grpc-Status")
	if len(body) == 0 { // it was over before the handler could begin: trailers only
		status += response.Header.Get("Grpc-Status")
	}
	require.Equal(t, "4", status, "DEADLINE_EXCEEDED")
}
