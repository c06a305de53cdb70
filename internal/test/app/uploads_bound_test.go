package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi"
)

// TestManyUploadsOfOneConnection: bodies that are collected at the same time on one connection, and are more than it
// keeps at a time, come to their end, each as it was sent.
func TestManyUploadsOfOneConnection(t *testing.T) {
	const uploads, size = 60, 400_000
	type upload struct {
		Body struct {
			Text string `json:"text"`
		} `body:""`
	}
	routes := func(app *fasterapi.App) {
		app.Post("/length", func(_ *fasterapi.Ctx, in upload) (int, error) { return len(in.Body.Text), nil })
		app.Post("/reactor", func(_ *fasterapi.Ctx, in upload) (int, error) { return len(in.Body.Text), nil }, fasterapi.OnReactor())
	}
	s := onReactorsHTTP2(t, routes)
	body := `{"text": "` + strings.Repeat("x", size) + `"}`
	var all sync.WaitGroup
	for i := range uploads {
		all.Go(func() {
			path := []string{"/length", "/reactor"}[i%2]
			got := s.do(http.MethodPost, path, body, "Content-Type", "application/json")
			if got.status != 200 || strings.TrimSpace(got.body) != "400000" {
				t.Errorf("%d: %s", got.status, got.body)
			}
		})
	}
	all.Wait()
}
