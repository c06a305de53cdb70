// Command fiber is the peer that users would choose for speed: fiber on
// fasthttp, with pgxpool.
package main

import (
	"bytes"
	"context"
	"log"
	"os"

	"github.com/gofiber/fiber/v3"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fasterapi/fasterapi/bench/answers"
)

func world(ctx context.Context, pool *pgxpool.Pool) (w answers.World, err error) {
	err = pool.QueryRow(ctx, answers.SelectWorld, answers.RandomWorld()).Scan(&w.ID, &w.RandomNumber)
	return w, err
}

func main() {
	cfg, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	cfg.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		log.Fatal(err)
	}
	page := answers.FortunesPage()
	app := fiber.New()
	app.Get("/json", func(c fiber.Ctx) error { return c.JSON(answers.Message{Message: answers.Hello}) })
	app.Get("/db", func(c fiber.Ctx) error {
		w, err := world(c.Context(), pool)
		if err != nil {
			return err
		}
		return c.JSON(w)
	})
	app.Get("/queries", func(c fiber.Ctx) error {
		all := make([]answers.World, answers.Count(c.Query("n")))
		for i := range all {
			w, err := world(c.Context(), pool)
			if err != nil {
				return err
			}
			all[i] = w
		}
		return c.JSON(all)
	})
	app.Get("/fortunes", func(c fiber.Ctx) error {
		list, err := fortunes(c.Context(), pool)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := page.Execute(&text, list); err != nil {
			return err
		}
		c.Type("html", "utf-8")
		return c.Send(text.Bytes())
	})
	app.Get("/fortunes/appended", func(c fiber.Ctx) error {
		list, err := fortunes(c.Context(), pool)
		if err != nil {
			return err
		}
		c.Type("html", "utf-8")
		return c.Send(answers.AppendFortunes(nil, list))
	})
	log.Fatal(app.Listen("127.0.0.1:"+os.Getenv("PORT"), fiber.ListenConfig{
		DisableStartupMessage: true, CertFile: os.Getenv("TLS_CERT"), CertKeyFile: os.Getenv("TLS_KEY"),
	}))
}

// fortunes reads the rows of /fortunes, in order.
func fortunes(ctx context.Context, pool *pgxpool.Pool) ([]answers.Fortune, error) {
	rows, err := pool.Query(ctx, answers.SelectFortunes)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[answers.Fortune])
	return answers.Sorted(list), err
}
