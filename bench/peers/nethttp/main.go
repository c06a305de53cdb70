// Command nethttp is the peer of the standard library: ServeMux and
// encoding/json, as the documentation shows them.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/fasterapi/fasterapi/bench/answers"
)

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /plaintext", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, answers.Hello)
	})
	mux.HandleFunc("GET /json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, answers.Message{Message: answers.Hello})
	})
	mux.HandleFunc("GET /user/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			http.Error(w, "id: not a number", http.StatusUnprocessableEntity)
			return
		}
		writeJSON(w, answers.NewUser(id))
	})
	mux.HandleFunc("GET "+answers.RuntimePath, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, answers.ReadRuntime())
	})
	addr := "127.0.0.1:" + os.Getenv("PORT")
	if cert := os.Getenv("TLS_CERT"); cert != "" {
		log.Fatal(http.ListenAndServeTLS(addr, cert, os.Getenv("TLS_KEY"), mux))
	}
	server := &http.Server{Addr: addr, Handler: mux}
	if os.Getenv("H2C") != "" {
		server.Protocols = new(http.Protocols)
		server.Protocols.SetUnencryptedHTTP2(true)
		server.Protocols.SetHTTP1(true)
	}
	log.Fatal(server.ListenAndServe())
}
