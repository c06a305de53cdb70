package checklist

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Running asks the second address (package admin) of a running instance, such as http://127.0.0.1:9090, for its list, which knows what
// has happened so far: stalls, calls without a connection, open breakers. token may be empty.
func Running(ctx context.Context, url, token string) ([]Item, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(url, "/")+"/checklist", http.NoBody)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the running instance: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the running instance: %s answers with %s: is it the second address, of package admin? (--token, where it wants one)", request.URL, response.Status)
	}
	var lines []struct{ Name, State, Reason, Remedy string }
	if err := json.NewDecoder(response.Body).Decode(&lines); err != nil {
		return nil, fmt.Errorf("%s is no list: %w", request.URL, err)
	}
	out := make([]Item, len(lines))
	for i, l := range lines {
		level := Level(l.State)
		if l.State == "manual" {
			level = Manual
		}
		out[i] = Item{Name: "running: " + l.Name, Level: level, Text: l.Reason, Remedy: l.Remedy}
	}
	return out, nil
}
