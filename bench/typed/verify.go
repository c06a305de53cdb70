package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// refused are the statuses of a request that is not valid.
const refused = "400 422"

// verify checks everything that a server must do in a scenario before it is
// measured, and returns the size of a right answer.
func verify(c *contest.Contestant, s *contest.Scenario) (int64, error) {
	check := verifyGet
	if s.Body != "" {
		check = verifyPost
	}
	size, err := check(c)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	return size, nil
}

// ask asks all questions on one connection and returns the size of the first
// one's answer.
func ask(address string, questions []contest.Question) (size int64, err error) {
	w, err := contest.Dial(address)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	for i, q := range questions {
		r, err := w.Ask(q.Request)
		if err == nil {
			err = q.Right(r)
		}
		if err != nil {
			return 0, err
		}
		if i == 0 {
			size = r.Bytes
		}
	}
	return size, nil
}

func getQuestion(c *contest.Contestant, id int64) contest.Question {
	path := "/user/" + strconv.FormatInt(id, 10)
	return contest.Question{Request: contest.Get(c.Prefix + path), Right: func(r *contest.Reply) error {
		if err := r.Proper(path, http.StatusOK, "application/json"); err != nil {
			return err
		}
		var u answers.User
		if err := exactly(r.Body, &u); err != nil || u != answers.NewUser(id) {
			return fmt.Errorf("%s: body %q", path, r.Body)
		}
		return nil
	}}
}

// exactly decodes a body that has no other members.
func exactly(body string, v any) error {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}

func verifyGet(c *contest.Contestant) (int64, error) {
	var questions []contest.Question
	for _, id := range []int64{4242, 7, 0, -1, 9223372036854775807} {
		questions = append(questions, getQuestion(c, id))
	}
	size, err := ask(c.Address(), questions)
	if err != nil {
		return 0, err
	}
	for _, id := range []string{"abc", "1.5", "9223372036854775808", "1x"} {
		if err := contest.VerifyRefusal(c.Address(), "/user/"+id, contest.Get(c.Prefix+"/user/"+id), refused); err != nil {
			return 0, err
		}
	}
	if err := contest.VerifyRefusal(c.Address(), "/nope", contest.Get(c.Prefix+"/nope"), "404"); err != nil {
		return 0, err
	}
	var many []contest.Question
	for i := range 24 {
		many = append(many, getQuestion(c, int64(1000+i)))
	}
	if err := contest.VerifyPipeline(c.Address(), many); err != nil {
		return 0, err
	}
	return size, contest.VerifyCuts(c.Address(), getQuestion(c, 7))
}

// user is a valid body, to be changed.
func user(change func(*answers.Account)) answers.Account {
	u := answers.Account{Name: "Ada Lovelace", Email: "ada@example.org", Age: 36, Tags: []string{"math", "poetry", "engines"}}
	if change != nil {
		change(&u)
	}
	return u
}

// document is the body of a POST: u without its id.
func document(u answers.Account) string {
	body, err := json.Marshal(map[string]any{"name": u.Name, "email": u.Email, "age": u.Age, "tags": u.Tags})
	if err != nil {
		panic(err) // a map of plain values
	}
	return string(body)
}

// ids are those that a server has given.
type ids map[int64]bool

// postQuestion posts u. Its answer must have an id that is not in given.
func postQuestion(c *contest.Contestant, given ids, u answers.Account, body string) contest.Question {
	return contest.Question{Request: contest.Post(c.Prefix+"/user", body), Right: func(r *contest.Reply) error {
		if err := r.Proper("/user "+body, http.StatusCreated, "application/json"); err != nil {
			return err
		}
		var got answers.Account
		err := exactly(r.Body, &got)
		switch {
		case err != nil || got.Name != u.Name || got.Email != u.Email || got.Age != u.Age || !slices.Equal(got.Tags, u.Tags):
			return fmt.Errorf("/user %s: body %q", body, r.Body)
		case got.ID <= 0 || given[got.ID]:
			return fmt.Errorf("/user %s: id %d is not a new one", body, got.ID)
		}
		given[got.ID] = true
		return nil
	}}
}

// accepted are bodies at both ends of every rule.
func accepted() []answers.Account {
	return []answers.Account{
		user(nil),
		user(func(u *answers.Account) { u.Name = "A" }),
		user(func(u *answers.Account) { u.Name = strings.Repeat("n", 100) }),
		user(func(u *answers.Account) { u.Name = strings.Repeat("é", 100) }),
		user(func(u *answers.Account) { u.Name = "\"\\\t<&> \U0001F600" }),
		user(func(u *answers.Account) { u.Age = 0 }),
		user(func(u *answers.Account) { u.Age = 150 }),
		user(func(u *answers.Account) { u.Tags = []string{} }),
		user(func(u *answers.Account) { u.Tags = make([]string, 10) }),
	}
}

// wrong are bodies that break one rule each.
func wrong() map[string]string {
	with := func(change func(*answers.Account)) string { return document(user(change)) }
	return map[string]string{
		"no name":        `{"email":"ada@example.org","age":36,"tags":[]}`,
		"empty name":     with(func(u *answers.Account) { u.Name = "" }),
		"long name":      with(func(u *answers.Account) { u.Name = strings.Repeat("n", 101) }),
		"name a number":  `{"name":7,"email":"ada@example.org","age":36,"tags":[]}`,
		"no email":       `{"name":"Ada","age":36,"tags":[]}`,
		"no address":     with(func(u *answers.Account) { u.Email = "ada" }),
		"no domain":      with(func(u *answers.Account) { u.Email = "ada@" }),
		"negative age":   with(func(u *answers.Account) { u.Age = -1 }),
		"great age":      with(func(u *answers.Account) { u.Age = 151 }),
		"age a text":     `{"name":"Ada","email":"ada@example.org","age":"36","tags":[]}`,
		"age a fraction": `{"name":"Ada","email":"ada@example.org","age":36.5,"tags":[]}`,
		"eleven tags":    with(func(u *answers.Account) { u.Tags = make([]string, 11) }),
		"tags a text":    `{"name":"Ada","email":"ada@example.org","age":36,"tags":"math"}`,
		"tag a number":   `{"name":"Ada","email":"ada@example.org","age":36,"tags":[1]}`,
		"no object":      `[]`,
		"half a body":    `{"name":"Ada","email":"ada@exam`,
	}
}

func verifyPost(c *contest.Contestant) (int64, error) {
	given := ids{}
	questions := []contest.Question{postQuestion(c, given, user(nil), newUser)}
	for _, u := range accepted() {
		questions = append(questions, postQuestion(c, given, u, document(u)))
	}
	size, err := ask(c.Address(), questions)
	if err != nil {
		return 0, err
	}
	for what, body := range wrong() {
		if err := contest.VerifyRefusal(c.Address(), "/user with "+what, contest.Post(c.Prefix+"/user", body), refused); err != nil {
			return 0, err
		}
	}
	var many []contest.Question
	for i := range 12 {
		u := user(func(u *answers.Account) { u.Age, u.Name = i, "Ada "+strconv.Itoa(i) })
		many = append(many, postQuestion(c, given, u, document(u)), getQuestion(c, int64(i)))
	}
	if err := contest.VerifyPipeline(c.Address(), many); err != nil {
		return 0, err
	}
	return size, contest.VerifyCuts(c.Address(), postQuestion(c, given, user(nil), newUser))
}
