// Command nethttp is the standard library with go-playground/validator.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/go-playground/validator/v10"

	"github.com/fasterapi/fasterapi/bench/answers"
)

type newUser struct {
	Name  string   `json:"name" validate:"required,max=100"`
	Email string   `json:"email" validate:"required,email"`
	Age   int      `json:"age" validate:"gte=0,lte=150"`
	Tags  []string `json:"tags" validate:"max=10"`
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}

func get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "id: not a number", http.StatusUnprocessableEntity)
		return
	}
	write(w, http.StatusOK, answers.NewUser(id))
}

func create(rules *validator.Validate) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var u newUser
		err := json.NewDecoder(r.Body).Decode(&u)
		if err == nil {
			err = rules.Struct(&u)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		write(w, http.StatusCreated, answers.Account{
			ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: u.Age, Tags: u.Tags,
		})
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user/{id}", get)
	mux.HandleFunc("POST /user", create(validator.New(validator.WithRequiredStructEnabled())))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
