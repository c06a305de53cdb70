package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// server answers right, except for its fault.
type server struct {
	fault string
}

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, isUser := strings.CutPrefix(r.URL.Path, "/user/")
	switch {
	case isUser && r.Method == http.MethodGet:
		s.get(w, id)
	case r.URL.Path == "/user" && r.Method == http.MethodPost:
		s.post(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s server) get(w http.ResponseWriter, text string) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil && s.fault != "any id" {
		http.Error(w, "id", http.StatusUnprocessableEntity)
		return
	}
	if s.fault == "other user" {
		id++
	}
	s.write(w, http.StatusOK, answers.NewUser(id))
}

func (s server) post(w http.ResponseWriter, r *http.Request) {
	var u struct {
		Name  string
		Email string
		Age   *int
		Tags  []string
	}
	err := json.NewDecoder(r.Body).Decode(&u)
	wrong := err != nil && s.fault != "any body" || u.Name == "" && s.fault != "any name" || u.Age == nil ||
		utf8.RuneCountInString(u.Name) > 100 && s.fault != "long name" ||
		strings.HasSuffix(u.Email, "@") && s.fault != "any email" || !strings.Contains(u.Email, "@") ||
		*u.Age < 0 || *u.Age > 150 && s.fault != "great age" || len(u.Tags) > 10 && s.fault != "many tags" ||
		len(u.Name) > 100 && s.fault == "counts bytes"
	if wrong {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	account := answers.Account{ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: *u.Age, Tags: u.Tags}
	status := http.StatusCreated
	switch s.fault {
	case "one id":
		account.ID = 1
	case "no tags":
		account.Tags = nil
	case "status":
		status = http.StatusOK
	}
	s.write(w, status, account)
}

func (s server) write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func serve(t *testing.T, fault string) *contest.Contestant {
	t.Helper()
	s := httptest.NewServer(server{fault})
	t.Cleanup(s.Close)
	return &contest.Contestant{Name: "test", Port: s.Listener.Addr().(*net.TCPAddr).Port}
}

func TestVerifyAcceptsRightAnswers(t *testing.T) {
	c := serve(t, "")
	for _, s := range scenarios() {
		size, err := verify(c, s)
		require.NoError(t, err)
		require.Greater(t, size, int64(100), s.Name)
	}
}

// TestVerifyRefusesWrongAnswers: each of these servers may be fast because it is wrong.
func TestVerifyRefusesWrongAnswers(t *testing.T) {
	post, get := scenarios()[0], scenarios()[1]
	for fault, c := range map[string]struct {
		scenario *contest.Scenario
		want     string
	}{
		"any id":       {get, "status 200"},
		"other user":   {get, "body"},
		"any body":     {post, "with "},
		"any name":     {post, "name: status 201"},
		"long name":    {post, "long name: status 201"},
		"any email":    {post, "no domain: status 201"},
		"great age":    {post, "great age: status 201"},
		"many tags":    {post, "eleven tags: status 201"},
		"counts bytes": {post, "status 400"},
		"one id":       {post, "not a new one"},
		"no tags":      {post, "body"},
		"status":       {post, "status 200"},
	} {
		t.Run(fault, func(t *testing.T) {
			_, err := verify(serve(t, fault), c.scenario)
			require.ErrorContains(t, err, c.want)
		})
	}
}
