// Command gin is gin with its own binding, which is go-playground/validator.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/fasterapi/fasterapi/bench/answers"
)

type byID struct {
	ID int64 `uri:"id"`
}

type newUser struct {
	Name  string   `json:"name" binding:"required,max=100"`
	Email string   `json:"email" binding:"required,email"`
	Age   int      `json:"age" binding:"gte=0,lte=150"`
	Tags  []string `json:"tags" binding:"max=10"`
}

func refuse(c *gin.Context, err error) {
	c.JSON(http.StatusUnprocessableEntity, gin.H{"error": err.Error()})
}

func get(c *gin.Context) {
	var in byID
	if err := c.ShouldBindUri(&in); err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, answers.NewUser(in.ID))
}

func create(c *gin.Context) {
	var u newUser
	if err := c.ShouldBindJSON(&u); err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusCreated, answers.Account{
		ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: u.Age, Tags: u.Tags,
	})
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	app := gin.New()
	app.GET("/user/:id", get)
	app.POST("/user", create)
	log.Fatal(app.Run("127.0.0.1:" + os.Getenv("PORT")))
}
