package admin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestPasswordsOfAddresses: whatever form an address has, and whatever stands around it.
func TestPasswordsOfAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"shop":                           "shop",
		"ann@example.org":                "ann@example.org",
		"https://shop.example/a=b@c":     "https://shop.example/a=b@c",
		"postgres://ann@db/shop":         "postgres://ann@db/shop",
		"postgres://ann:hunter2@db/shop": "postgres://ann:***@db/shop",
		"postgres://ann:hun/ter2@db":     "postgres://ann:***@db",
		"postgres://ann:hun@ter2@db":     "postgres://ann:***@db",
		"redis://:hunter2@db:6379/0":     "redis://:***@db:6379/0",
		"nats://a:hunter2@one:4222,nats://b:hunter2@two:4222":              "nats://a:***@two:4222",
		"x/y postgres://ann:hunter2@db: refused":                           "x/y postgres://ann:***@db: refused",
		`parse "postgres://ann:hun%zzter2@db": invalid URL escape "%zz"`:   `parse "postgres://ann:***@db": invalid URL escape "%zz"`,
		"postgres:///shop?user=ann&password=hunter2&sslmode=verify-full":   "postgres:///shop?user=ann&password=***",
		"postgres:///shop?sslpassword=hunter2":                             "postgres:///shop?sslpassword=***",
		`host=db user=ann password='hunter2 \' hunter2' dbname=shop`:       "host=db user=ann password=*** dbname=shop",
		"host=db password = hunter2":                                       "host=db password = ***",
		"Server=db;User Id=ann;Password=hunter2;Encrypt=yes":               "Server=db;User Id=ann;Password=***",
		"Driver=x;PWD={hunter2 hunter2};Server=db":                         "Driver=x;PWD=***;Server=db",
		"ann:hunter2@tcp(db:3306)/shop":                                    "ann:***@tcp(db:3306)/shop",
		"ann:hun@ter2@tcp(db:3306)/shop":                                   "ann:***@tcp(db:3306)/shop",
		`dial "ann:hunter2@unix(/run/db.sock)/": no such file`:             `dial "ann:***@unix(/run/db.sock)/": no such file`,
		"dsn=ann:hunter2@tcp(db)/shop":                                     "dsn=ann:***@tcp(db)/shop",
		"10:30 ann@example.org: no such user":                              "10:30 ann@example.org: no such user",
		"dial tcp [::1]:5432: connect: connection refused":                 "dial tcp [::1]:5432: connect: connection refused",
		"lookup db on 10.0.0.1:53: no such host, asked by ann@example.org": "lookup db on 10.0.0.1:53: no such host, asked by ann@example.org",
	} {
		require.Equal(t, want, withoutPasswords(text), text)
	}
	rapid.Check(t, func(rt *rapid.T) {
		const marked = "hunter2"
		password := rapid.StringMatching(`[a-z:@/?#&%]{0,3}`).Draw(rt, "before") + marked + rapid.StringMatching(`[a-z:@/?#%]{0,3}`).Draw(rt, "behind")
		form := rapid.SampledFrom([]string{"postgres://ann:%@db:5432/shop?a=b@c", "amqp://ann:%@db,amqp://ann:%@db", "failed: nats://a:%@db: refused", "://ann:%@db"}).Draw(rt, "form")
		require.NotContains(rt, withoutPasswords(strings.ReplaceAll(form, "%", password)), marked)
	})
}
