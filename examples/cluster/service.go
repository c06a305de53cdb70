package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/broadcast/redislink"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/production/shop"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/leader"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/schedule"
	"github.com/fasterapi/fasterapi/secret"
)

// settings are what the cluster tells an instance, beside those of the production example.
type settings struct {
	Redis   secret.String `env:"REDIS_URL"`
	Port    int           `env:"CLUSTER_PORT"`
	PidFile string        `env:"CLUSTER_PID"`
}

// schema is what the instances need beside the tables of the production example. An order has the key that its client gave it.
const schema = idempotency.Schema + leader.Schema + ";" + schedule.Schema + `;
CREATE SEQUENCE IF NOT EXISTS order_numbers START 1001;
ALTER TABLE orders ADD COLUMN IF NOT EXISTS key text UNIQUE`

// prepare makes the tables: once, before the instances start.
func (c *cluster) prepare(ctx context.Context) error {
	service, err := shop.Open(fasterapi.Config{}, shop.Settings{DatabaseURL: secret.Of(c.databaseURL())})
	if err != nil {
		return err
	}
	_, err = service.Pool.Exec(ctx, schema).Await(ctx)
	return errors.Join(err, service.Pool.Close(ctx))
}

// runInstance serves as one of the instances: the production example, and what instances share.
func runInstance(name string) error {
	s, err := fasterapi.Settings[settings]()
	if err != nil {
		return err
	}
	production, err := fasterapi.Settings[shop.Settings]()
	if err != nil {
		return err
	}
	// snippet: redis
	client, err := redisclient.Open(s.Redis.Reveal()) // "redis://cache.internal:6379", which need not be there yet
	if err != nil {
		return err
	}
	// end snippet
	service, err := shop.Open(fasterapi.Config{Addr: loopback(s.Port), DrainDelay: time.Second}, production, func(app *fasterapi.App) { limit(app, client) })
	if err != nil {
		return err
	}
	share(service, name, client)
	service.App.OnStart(func(context.Context) error { return os.WriteFile(s.PidFile, []byte(strconv.Itoa(os.Getpid())), 0o600) })
	return service.Run()
}

// limit has all instances share what a client may do.
func limit(app *fasterapi.App, client rueidis.Client) {
	// snippet: limits
	app.Use(middleware.RealIP(middleware.RealIPConfig{})) // nginx says who the client is
	app.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit:   middleware.Limit{Requests: 100_000, Window: time.Minute, Burst: 20_000},
		Limiter: redisrate.NewLeased(client, redisrate.LeasedConfig{}),
	}))
	// end snippet
}

// News is what happens.
type News struct {
	Instance string `json:"instance"`
	Text     string `json:"text"`
}

// Order is what clients order.
type Order struct {
	Product  int64 `json:"product" minimum:"1"`
	Quantity int   `json:"quantity" minimum:"1" maximum:"100" default:"1"`
}

// Ordered is an order that is in the database.
type Ordered struct {
	ID int64 `json:"id"`
}

// Who says which instance answers.
type Who struct {
	Instance string `json:"instance"`
	PID      int    `json:"pid"`
	Leader   bool   `json:"leader"`
	Orders   int64  `json:"orders"`
}

// instance is what the handlers share.
type instance struct {
	name string
	role *leader.Role
}

// share adds what the instances do together.
func share(service *shop.Service, name string, client rueidis.Client) {
	app, pool := service.App, service.Pool
	app.OnStop(func(context.Context) error { client.Close(); return nil })

	// snippet: broadcast
	news := broadcast.New("news", broadcast.Config[News]{Link: redislink.New(client, redislink.Config{})})
	app.Provide(news, fasterapi.CloseOnStop())
	app.Get("/events", followNews)
	// end snippet

	// snippet: leader
	role := leader.New(pool, "ticker", leader.Config{})
	role.Attach(app)
	jobs := schedule.New(schedule.Config{Leader: role, Pool: pool})
	jobs.Add(schedule.Job{Name: "tick", Every: 2 * time.Second, Run: func(ctx context.Context, run schedule.Run) error {
		_, err := news.Publish(ctx, News{name, fmt.Sprintf("tick of term %d", run.Term.Number)}).Await(ctx)
		return err
	}})
	jobs.Attach(app)
	// end snippet

	// snippet: orders-route
	keys := idempotency.New(idempotency.InDatabase(pool), idempotency.Config{Lease: 2 * time.Second})
	app.Post("/user/{id}/orders", order, keys.Route())
	// end snippet

	// snippet: watch
	m := service.Metrics // what metrics.New(app) has returned
	m.Topic(news)
	m.Keys(keys)
	m.Role(role)
	m.Schedule(jobs)
	// end snippet

	app.Provide(&instance{name, role})
	app.Get("/whoami", whoami)
	app.Get("/cluster", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return page, nil }, fasterapi.Hidden())
}

// snippet: follow
// followNews tells a browser what happens in all instances, also what it has missed while it was not connected.
func followNews(c *fasterapi.Ctx, in struct {
	News *broadcast.Topic[News] `inject:""`
},
) (fasterapi.SSE[News], error) {
	return in.News.SSE(c, broadcast.Subscription[News]{})
}

// end snippet

// snippet: order
// order puts an order into the database, and tells all who listen. A client that does not know what became of its request sends it again with the same key,
// which stands in the row, too: what was committed just before an instance or the database died is found, and not made twice.
func order(c *fasterapi.Ctx, in struct {
	User int64                  `path:"id" minimum:"1" doc:"user id"`
	Body Order                  `body:""`
	DB   *db.Pool               `inject:""`
	News *broadcast.Topic[News] `inject:""`
	Here *instance              `inject:""`
},
) (fasterapi.Created[Ordered], error) {
	const insert = `INSERT INTO orders (id, user_id, product_id, quantity, total, created_at, key)
		SELECT nextval('order_numbers'), $1::bigint, id, $3::int, price * $3::int, now(), $4::text FROM products WHERE id = $2
		ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id`
	id, err := in.DB.One[int64](c, insert, in.User, in.Body.Product, in.Body.Quantity, c.Header(idempotency.Header)).Await(c)
	if errors.Is(err, db.ErrNoRows) || db.KindOf(err) == db.ForeignKeyViolation {
		return fasterapi.Created[Ordered]{}, problem.NotFound("no such user or product")
	}
	if err != nil {
		return fasterapi.Created[Ordered]{}, err
	}
	in.News.Publish(c, News{in.Here.name, fmt.Sprintf("order %d: %d of product %d", id, in.Body.Quantity, in.Body.Product)}) // if it fails, that is logged
	return fasterapi.Created[Ordered]{Body: Ordered{id}}, nil
}

// end snippet

func whoami(c *fasterapi.Ctx, in struct {
	DB   *db.Pool  `inject:""`
	Here *instance `inject:""`
},
) (Who, error) {
	orders, err := in.DB.One[int64](c, `SELECT count(*) FROM orders`).Await(c)
	_, leads := in.Here.role.Term()
	return Who{Instance: in.Here.name, PID: os.Getpid(), Leader: leads, Orders: orders}, err
}
