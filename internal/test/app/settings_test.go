package app_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

type logging struct {
	Level string `env:"LOG_LEVEL" default:"info" enum:"debug,info,warn"`
}

type shopSettings struct {
	Database string          `env:"SHOP_DATABASE" pattern:"^postgres://" doc:"where the data is"`
	Key      string          `env:"SHOP_KEY_FILE,file" required:"false" minLength:"4"`
	Workers  uint8           `env:"SHOP_WORKERS" default:"4" minimum:"1" maximum:"64"`
	Timeout  time.Duration   `env:"SHOP_TIMEOUT" default:"5s" minimum:"100ms" maximum:"1m"`
	Rate     *float64        `env:"SHOP_RATE" exclusiveMinimum:"0"`
	Debug    bool            `env:"SHOP_DEBUG" required:"false"`
	Bind     netip.Addr      `env:"SHOP_BIND" default:"127.0.0.1"`
	Site     url.URL         `env:"SHOP_SITE" default:"https://example.org/a"`
	Ports    []uint16        `env:"SHOP_PORTS" default:"80,443" minimum:"10" maxItems:"3" uniqueItems:"true"`
	Labels   map[string]int  `env:"SHOP_LABELS" required:"false" maximum:"9"`
	Waits    []time.Duration `env:"SHOP_WAITS" required:"false"`
	Mail     struct {
		Host string   `env:"HOST" format:"hostname"`
		To   []string `env:"TO" required:"false" format:"email"`
	} `envPrefix:"SHOP_MAIL_"`
	logging
	Ours int `env:"-"`
	rest int
}

// TestSettings: variables become checked values of their types.
func TestSettings(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("key-in-a-file"), 0o600))
	for name, value := range map[string]string{
		"SHOP_DATABASE": "postgres://db", "SHOP_KEY_FILE": key, "SHOP_TIMEOUT": "250ms", "SHOP_RATE": "0.5", "SHOP_DEBUG": "true",
		"SHOP_BIND": "::1", "SHOP_LABELS": "a:1,b:2", "SHOP_WAITS": "1s,2m", "SHOP_MAIL_HOST": "mail.example.org", "SHOP_MAIL_TO": "a@x.org,b@x.org",
		"SHOP_WORKERS": "", "LOG_LEVEL": "warn",
	} {
		t.Setenv(name, value)
	}
	got, err := fasterapi.Settings[shopSettings]()
	require.NoError(t, err)
	want := shopSettings{
		Database: "postgres://db", Key: "key-in-a-file", Workers: 4, Timeout: 250 * time.Millisecond, Rate: new(0.5), Debug: true,
		Bind: netip.IPv6Loopback(), Site: url.URL{Scheme: "https", Host: "example.org", Path: "/a"}, Ports: []uint16{80, 443},
		Labels: map[string]int{"a": 1, "b": 2}, Waits: []time.Duration{time.Second, 2 * time.Minute}, logging: logging{"warn"},
	}
	want.Mail.Host, want.Mail.To = "mail.example.org", []string{"a@x.org", "b@x.org"}
	require.Equal(t, want, got)
	require.Zero(t, got.rest)
}

// TestSettingsMistakes: one error lists all variables that are missing or wrong,
// and repeats none of their values.
func TestSettingsMistakes(t *testing.T) {
	for name, value := range map[string]string{
		"SHOP_DATABASE": "mysql://hunter2", "SHOP_KEY_FILE": "/no/such/hunter2", "SHOP_WORKERS": "hunter2", "SHOP_TIMEOUT": "2h", "SHOP_RATE": "0",
		"SHOP_DEBUG": "hunter2", "SHOP_BIND": "hunter2", "SHOP_SITE": "hunter2://%zz", "SHOP_PORTS": "9,80,80,1", "SHOP_LABELS": "hunter2",
		"SHOP_WAITS": "1s,hunter2", "SHOP_MAIL_HOST": "", "SHOP_MAIL_TO": "a@x.org,hunter2", "LOG_LEVEL": "hunter2",
	} {
		t.Setenv(name, value)
	}
	got, err := fasterapi.Settings[shopSettings]()
	require.Zero(t, got)
	var wrong *fasterapi.SettingsError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []string{
		"SHOP_DATABASE must match the pattern ^postgres:// (where the data is)",
		"SHOP_KEY_FILE names a file that cannot be read",
		"SHOP_WORKERS must be an integer that fits in uint8",
		"SHOP_TIMEOUT must be at most 1m",
		"SHOP_RATE must be greater than 0",
		"SHOP_DEBUG must be a boolean: true or false",
		"SHOP_BIND is not a valid netip.Addr",
		"SHOP_SITE is not a valid url.URL",
		"SHOP_PORTS must have at most 3 items",
		"SHOP_PORTS[0] must be at least 10",
		"SHOP_PORTS[3] must be at least 10",
		"SHOP_PORTS must not have the same item twice",
		"SHOP_LABELS is not a valid map[string]int",
		"SHOP_WAITS is not a valid []time.Duration",
		"SHOP_MAIL_HOST is required",
		"SHOP_MAIL_TO[1] must be an email address",
		"LOG_LEVEL must be one of: debug, info, warn",
	}, wrong.Mistakes)
	require.NotContains(t, err.Error(), "hunter2")
	require.Contains(t, err.Error(), "SHOP_MAIL_HOST is required\n")
}

// TestSettingsOfNoStruct: what is wrong with the type is told like what is wrong with
// the environment.
func TestSettingsOfNoStruct(t *testing.T) {
	_, err := fasterapi.Settings[int]()
	var wrong *fasterapi.SettingsError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []string{"int is not a struct"}, wrong.Mistakes)
}

type bannerInput struct {
	Settings bannerSettings `inject:""`
}

type bannerSettings struct {
	Text string `env:"BANNER_TEXT" minLength:"2"`
}

func banner(_ *fasterapi.Ctx, in bannerInput) (fasterapi.Text, error) {
	return fasterapi.Text(in.Settings.Text), nil
}

// TestProvideSettings: settings are injected, read when the app starts and not
// before, and replaced in tests.
func TestProvideSettings(t *testing.T) {
	build := func() *fasterapi.App {
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: fasterapitest.Logger(t)})
		app.ProvideSettings[bannerSettings]()
		styles(app, "/banner", banner)
		return app
	}
	app := build()
	_, err := app.OpenAPI()
	require.NoError(t, err, "the document needs no settings")
	_, err = app.Start()
	var wrong *fasterapi.SettingsError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []string{"BANNER_TEXT is required"}, wrong.Mistakes)
	require.NoError(t, app.Stop(context.Background()))

	app = build()
	app.Override(bannerSettings{"replaced"})
	c := fasterapitest.New(t, app)
	require.Equal(t, "replaced", c.Get("/chain/banner").Expect(200).Text())

	t.Setenv("BANNER_TEXT", "from outside")
	c = fasterapitest.New(t, build())
	for _, style := range styleNames {
		require.Equal(t, "from outside", c.Get(style+"/banner").Expect(200).Text())
	}
}

// TestLoadDotEnv: files set what is not set, the first one counts, and nothing is set
// when something is wrong.
func TestLoadDotEnv(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }
	for _, name := range []string{"DOTENV_A", "DOTENV_B", "DOTENV_C", "DOTENV_EMPTY"} {
		t.Setenv(name, "") // so that it is restored
		require.NoError(t, os.Unsetenv(name))
	}
	require.NoError(t, fasterapi.LoadDotEnv(), "there is no .env")
	require.ErrorContains(t, fasterapi.LoadDotEnv("none.env"), "none.env")

	t.Setenv("DOTENV_A", "outside")
	t.Setenv("DOTENV_EMPTY", "")
	write(".env", "DOTENV_A=file\nDOTENV_B=${DOTENV_A}/1\nDOTENV_EMPTY=file\n")
	write("more.env", "DOTENV_B=more\nDOTENV_C=${DOTENV_B}\n")
	write("bad.env", "DOTENV_C=early\nDOTENV_D='hush\n")
	err := fasterapi.LoadDotEnv("bad.env", "none.env")
	bad, ok := errors.AsType[*fasterapi.SettingsError](err)
	require.True(t, ok)
	require.Len(t, bad.Mistakes, 2)
	require.Contains(t, bad.Mistakes[0], "bad.env:2: ")
	require.NotContains(t, err.Error(), "hush")
	_, set := os.LookupEnv("DOTENV_C")
	require.False(t, set)

	require.NoError(t, fasterapi.LoadDotEnv())
	require.NoError(t, fasterapi.LoadDotEnv("more.env"))
	for name, want := range map[string]string{"DOTENV_A": "outside", "DOTENV_B": "outside/1", "DOTENV_C": "outside/1", "DOTENV_EMPTY": ""} {
		require.Equal(t, want, os.Getenv(name), name)
	}
}
