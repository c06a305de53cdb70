package fasterapi_test

import (
	"context"
	"fmt"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

type chatIn struct {
	Room  string `path:"room" maxLength:"20"`
	Token string `query:"token"`
}

type chatLine struct {
	Text string `json:"text" minLength:"1" maxLength:"500"`
}

// A handler of WebSockets gets its input like any other, and messages that are
// checked. What it returns closes the connection.
func ExampleApp_WebSocket() {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	app.WebSocket("/chat/{room}", func(c *fasterapi.Ctx, in chatIn, ws *fasterapi.Socket[chatLine, chatLine]) error {
		if in.Token != "secret" {
			return problem.Unauthorized("") // before the handshake: an HTTP answer
		}
		for line, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			if err := ws.Send(c, chatLine{in.Room + ": " + line.Text}); err != nil {
				return err
			}
		}
		return nil
	})

	talk(app, "/chat/tea?token=secret", "hello", "")
	// Output:
	// tea: hello
	// closed with 1007
}

// For very many connections that are idle most of the time: functions that are
// called for each message, and no goroutine in between.
func ExampleApp_WebSocketEvents() {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	open := func(_ *fasterapi.Ctx, in chatIn, ws *fasterapi.Socket[chatLine, chatLine]) (fasterapi.SocketEvents[chatLine], error) {
		return fasterapi.SocketEvents[chatLine]{
			Message: func(ctx context.Context, line chatLine) error {
				return ws.Send(ctx, chatLine{in.Room + ": " + line.Text})
			},
		}, nil
	}
	app.WebSocketEvents("/chat/{room}", open, fasterapi.MaxMessage(64<<10), fasterapi.Origins("*.example.com"))

	talk(app, "/chat/tea", "hello", "again")
	// Output:
	// tea: hello
	// tea: again
}

// talk starts the app and sends lines with a client.
func talk(app *fasterapi.App, path string, lines ...string) {
	ctx := context.Background()
	server, err := app.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown(ctx)
	ws, _, err := websocket.Dial(ctx, "ws://"+server.Addr().String()+path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ws.CloseNow()
	for _, line := range lines {
		if err := wsjson.Write(ctx, ws, chatLine{line}); err != nil {
			fmt.Println(err)
		}
		var answer chatLine
		if err := wsjson.Read(ctx, ws, &answer); err != nil {
			fmt.Println("closed with", int(websocket.CloseStatus(err)))
			return
		}
		fmt.Println(answer.Text)
	}
}
