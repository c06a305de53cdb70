// Command fasthttp is the peer that reuses everything: a switch on the path, no
// router, encoding/json for the bodies.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/fasterapi/fasterapi/bench/answers"
)

func writeJSON(c *fasthttp.RequestCtx, v any) {
	c.SetContentType("application/json")
	if err := json.NewEncoder(c).Encode(v); err != nil {
		log.Print(err)
	}
}

func handle(c *fasthttp.RequestCtx) {
	path := string(c.Path())
	switch path {
	case "/plaintext":
		c.SetContentType("text/plain")
		c.SetBodyString(answers.Hello)
		return
	case "/json":
		writeJSON(c, answers.Message{Message: answers.Hello})
		return
	case answers.RuntimePath:
		writeJSON(c, answers.ReadRuntime())
		return
	}
	text, ok := strings.CutPrefix(path, "/user/")
	if !ok {
		c.Error("not found", fasthttp.StatusNotFound)
		return
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.Error("id: not a number", fasthttp.StatusUnprocessableEntity)
		return
	}
	writeJSON(c, answers.NewUser(id))
}

func main() {
	server := &fasthttp.Server{Handler: handle}
	log.Fatal(server.ListenAndServe("127.0.0.1:" + os.Getenv("PORT")))
}
