package caching

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/db"
)

// User is a row of the table users.
type User struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Region string `json:"region"`
}

// snippet: memoize
// makeSlugs returns a function that remembers its last 1000 results.
func makeSlugs() func(string) (string, error) {
	return cache.Memoize("slugs", 1000, func(title string) (string, error) {
		if strings.TrimSpace(title) == "" {
			return "", fmt.Errorf("a title without letters")
		}
		return strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}), "-"), nil
	})
}

// end snippet

// snippet: users
// Users is the cache of users, a type that handlers ask for.
type Users = cache.Cache[int64, User]

func newUsers() *Users {
	return cache.New("users", cache.Config[int64, User]{
		Size:     50_000,
		TTL:      300 * time.Second,
		Negative: func(err error) bool { return errors.Is(err, db.ErrNoRows) }, // kept for 5 seconds
	})
}

// getUserCached asks the database only when nobody has asked for this user in the last five minutes. Those who ask
// at the same time share one query.
func getUserCached(c *fasterapi.Ctx, in struct {
	ID    int64    `path:"id"`
	DB    *db.Pool `inject:""`
	Users *Users   `inject:""`
},
) (User, error) {
	return in.Users.GetOrLoad(c, in.ID, func(ctx context.Context) (User, error) {
		return in.DB.One[User](ctx, "SELECT id, name, region FROM users WHERE id = $1", in.ID).Await(ctx)
	})
}

// end snippet

// snippet: chain
// getUserChain is the same on the reactor.
func getUserChain(c *fasterapi.Ctx, in struct {
	ID    int64    `path:"id"`
	DB    *db.Pool `inject:""`
	Users *Users   `inject:""`
},
) async.Future[User] {
	return in.Users.GetOrLoadFuture(c, in.ID, func(ctx context.Context) async.Future[User] {
		return in.DB.One[User](ctx, "SELECT id, name, region FROM users WHERE id = $1", in.ID)
	})
}

// end snippet

// snippet: getset
// getUserByHand is the guide's way: look, ask, store. Each of those who miss at the same time asks the database.
func getUserByHand(c *fasterapi.Ctx, in struct {
	ID    int64    `path:"id"`
	DB    *db.Pool `inject:""`
	Users *Users   `inject:""`
},
) (User, error) {
	if cached, ok := in.Users.Get(c, in.ID); ok {
		return cached, nil
	}
	user, err := in.DB.One[User](c, "SELECT id, name, region FROM users WHERE id = $1", in.ID).Await(c)
	if err != nil {
		return User{}, err
	}
	in.Users.Set(c, in.ID, user, 300*time.Second)
	return user, nil
}

// end snippet

// snippet: invalidate
// rename changes the row, and then says so: whoever asks from now on gets the new name.
func rename(c *fasterapi.Ctx, in struct {
	ID    int64    `path:"id"`
	Name  string   `query:"name" required:"true"`
	DB    *db.Pool `inject:""`
	Users *Users   `inject:""`
},
) (fasterapi.None, error) {
	_, err := in.DB.Exec(c, "UPDATE users SET name = $1 WHERE id = $2", in.Name, in.ID).Await(c)
	if err == nil {
		_, err = in.Users.Invalidate(c, in.ID).Await(c)
	}
	return fasterapi.None{}, err
}

// end snippet

// Rate is how many units of a currency a euro is.
type Rate float64

// snippet: stale
// newRates keeps what an unreliable supplier says.
func newRates(supplier func(ctx context.Context, currency string) (Rate, error)) *cache.Cache[string, Rate] {
	return cache.New("rates", cache.Config[string, Rate]{
		Load:                 supplier,
		TTL:                  time.Minute,
		Jitter:               0.1,                    // not all at once
		EarlyRefresh:         0.2,                    // in the last fifth of the minute a hit loads anew
		StaleWhileRevalidate: time.Minute,            // nobody waits for a second minute
		StaleIfError:         24 * time.Hour,         // yesterday's rate is better than none
		SoftTimeout:          200 * time.Millisecond, // and better than waiting for longer
		NegativeTTL:          10 * time.Second,       // "no such currency" is an answer, too
	})
}

// rate answers within 200 ms once it has ever known the rate.
func rate(c *fasterapi.Ctx, in struct {
	Currency string                     `path:"currency"`
	Rates    *cache.Cache[string, Rate] `inject:""`
},
) (Rate, error) {
	return in.Rates.Load(c, in.Currency)
}

// end snippet

// snippet: tags
// newTagged keeps users in a cache in which all of a region can be invalidated.
func newTagged(load func(context.Context, int64) (User, error)) *Users {
	return cache.New("users by region", cache.Config[int64, User]{
		Load: load,
		Tags: func(_ int64, u User) []string { return []string{"region:" + u.Region} },
	})
}

func closeRegion(ctx context.Context, users *Users, region string) error {
	_, err := users.InvalidateTag(ctx, "region:"+region).Await(ctx)
	return err
}

// end snippet

// snippet: weight
// newThumbnails holds 64 MiB of pictures, whatever their number.
func newThumbnails(load func(context.Context, string) ([]byte, error)) *cache.Cache[string, []byte] {
	return cache.New("thumbnails", cache.Config[string, []byte]{
		Load:      load,
		MaxWeight: 64 << 20,
		Weight:    func(name string, picture []byte) int { return len(name) + len(picture) },
		PerCore:   100, // the most wanted ones, without a lock, for handlers on reactors
	})
}

// end snippet
