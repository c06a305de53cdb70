// Command fiber is fiber v3 with go-playground/validator.
package main

import (
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v3"

	"github.com/fasterapi/fasterapi/bench/answers"
)

type newUser struct {
	Name  string   `json:"name" validate:"required,max=100"`
	Email string   `json:"email" validate:"required,email"`
	Age   int      `json:"age" validate:"gte=0,lte=150"`
	Tags  []string `json:"tags" validate:"max=10"`
}

// rules is fiber's StructValidator.
type rules struct{ compiled *validator.Validate }

func (r rules) Validate(v any) error { return r.compiled.Struct(v) }

func get(c fiber.Ctx) error {
	id, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil {
		return fiber.NewError(http.StatusUnprocessableEntity, "id: not a number")
	}
	return c.JSON(answers.NewUser(id))
}

func create(c fiber.Ctx) error {
	var u newUser
	if err := c.Bind().JSON(&u); err != nil {
		return fiber.NewError(http.StatusUnprocessableEntity, err.Error())
	}
	return c.Status(http.StatusCreated).JSON(answers.Account{
		ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: u.Age, Tags: u.Tags,
	})
}

func main() {
	app := fiber.New(fiber.Config{StructValidator: rules{validator.New(validator.WithRequiredStructEnabled())}})
	app.Get("/user/:id", get)
	app.Post("/user", create)
	log.Fatal(app.Listen("127.0.0.1:"+os.Getenv("PORT"), fiber.ListenConfig{DisableStartupMessage: true}))
}
