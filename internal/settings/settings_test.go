package settings_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/settings"
)

type logging struct {
	Level string `env:"LEVEL" default:"info" enum:"debug,info,warn"`
}

// TestRead: variables become values, defaults stand in for those that are not set or
// empty, and prefixes add up.
func TestRead(t *testing.T) {
	type mail struct {
		Host string `env:"HOST"`
		Deep struct {
			Port uint16 `env:"PORT"`
		} `envPrefix:"DEEP_"`
	}
	type config struct {
		Workers int           `env:"WORKERS" default:"4"`
		Timeout time.Duration `env:"TIMEOUT" default:"5s"`
		Rate    *float64      `env:"RATE"`
		Bind    netip.Addr    `env:"BIND"`
		Names   []string      `env:"NAMES" required:"false"`
		Mail    mail          `envPrefix:"MAIL_"`
		logging
		Ours   int `env:"-"`
		hidden int
	}
	got := config{Ours: 7, hidden: 8}
	require.Empty(t, settings.Read(&got, []string{
		"WORKERS=", "TIMEOUT=250ms", "BIND=::1", "NAMES=a,b", "MAIL_HOST=example.org", "MAIL_DEEP_PORT=25", "LEVEL=warn", "OTHER=x", "LEVEL=debug",
	}))
	want := config{
		Workers: 4, Timeout: 250 * time.Millisecond, Bind: netip.IPv6Loopback(), Names: []string{"a", "b"},
		logging: logging{"debug"}, Ours: 7, hidden: 8,
	}
	want.Mail.Host, want.Mail.Deep.Port = "example.org", 25
	require.Equal(t, want, got)
}

// TestRequired: which fields must have their variable.
func TestRequired(t *testing.T) {
	var cfg struct {
		Plain    int    `env:"PLAIN" doc:"how many"`
		Optional int    `env:"OPTIONAL" required:"false"`
		Pointer  *int   `env:"POINTER"`
		Must     *int   `env:"MUST,required"`
		Said     *int   `env:"SAID" required:"true"`
		Default  int    `env:"DEFAULT" default:"1"`
		Empty    string `env:"EMPTY"`
	}
	require.Equal(t, []string{"PLAIN is required (how many)", "MUST is required", "SAID is required", "EMPTY is required"},
		settings.Read(&cfg, []string{"EMPTY="}))
}

// TestUnreadable: what cannot be parsed or does not pass is told without its value.
func TestUnreadable(t *testing.T) {
	var cfg struct {
		File    string            `env:"FILE,file"`
		Bool    bool              `env:"V"`
		Int     int8              `env:"V" doc:"small"`
		Uint    *uint16           `env:"V"`
		Float   float32           `env:"V"`
		Wait    time.Duration     `env:"V"`
		Address netip.Addr        `env:"V"`
		Map     map[string]string `env:"V"`
		Text    string            `env:"V" maxLength:"3"`
		List    []string          `env:"V" maxLength:"3"`
	}
	require.Equal(t, []string{
		"FILE names a file that cannot be read",
		"V must be a boolean: true or false",
		"V must be an integer that fits in int8 (small)",
		"V must be an integer that fits in uint16",
		"V must be a number",
		"V must be a duration such as 1h30m or 250ms",
		"V is not a valid netip.Addr",
		"V is not a valid map[string]string",
		"V must have at most 3 characters",
		"V[0] must have at most 3 characters",
	}, settings.Read(&cfg, []string{"FILE=" + filepath.Join(t.TempDir(), "hunter2"), "V=hunter2"}))
}

// TestFile: a variable may name the file that holds the value.
func TestFile(t *testing.T) {
	var cfg struct {
		Key string `env:"KEY_FILE,file" minLength:"4"`
	}
	name := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(name, []byte("secret"), 0o600))
	require.Empty(t, settings.Read(&cfg, []string{"KEY_FILE=" + name}))
	require.Equal(t, "secret", cfg.Key)
	require.NoError(t, os.WriteFile(name, []byte("s"), 0o600))
	require.Equal(t, []string{"KEY_FILE must have at least 4 characters"}, settings.Read(&cfg, []string{"KEY_FILE=" + name}))
}

// undeclared has mistakes of its own.
type undeclared struct {
	Forgotten int
	hidden    int `env:"X_HIDDEN"`
	Nameless  int `env:",required"`
	Deep      struct {
		Bound time.Duration `env:"BOUND" minimum:"1"`
	} `envPrefix:"X_"`
	Odd      int      `env:"X_SET,often"`
	Channel  chan int `env:"X_SET"`
	Fallback int      `env:"X_DEFAULT" default:"many"`
	Beyond   int      `env:"X_SET" default:"9" maximum:"5"`
	Unset    *int     `env:"X_UNSET,requird"`
	Must     int      `env:"X_SET" required:"no"`
	Mail     struct {
		Host string `env:"HOST" required:"false"`
	} `envprefix:"MAIL_"`
}

// TestDeclarations: mistakes in the struct are told like those in the environment.
func TestDeclarations(t *testing.T) {
	var cfg undeclared
	require.Equal(t, []string{
		`settings_test.undeclared.Forgotten has no env tag; env:"-" leaves a field out`,
		"settings_test.undeclared.hidden is not exported, so it cannot be set",
		"settings_test.undeclared.Nameless: the env tag has no name",
		`settings_test.undeclared.Deep.Bound: minimum:"1" must be a duration such as 1h30m or 250ms`,
		`X_SET has a mistake in its tag: tag option "often" not supported`,
		"X_SET cannot be a chan int: nothing reads one from text",
		"X_DEFAULT must be an integer that fits in int",
		"X_SET: its default must be at most 5",
		`X_UNSET has a mistake in its tag: tag option "requird" not supported`,
		`X_SET: the required tag is true or false, not "no"`,
		`settings_test.undeclared.Mail: the tag "envprefix" is spelt "envPrefix"`,
	}, settings.Read(&cfg, []string{"X_SET=1"}))
	require.Zero(t, cfg.hidden)
	require.Equal(t, []string{"int is not a struct"}, settings.Read(new(int), nil))
}
