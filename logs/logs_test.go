package logs_test

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/secret"
)

// written are the lines of a logger with this configuration, parsed.
func written(t *testing.T, cfg logs.Config, write func(*slog.Logger)) (list []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	cfg.Writer, cfg.Format = &out, logs.JSON
	log, err := logs.New(cfg)
	require.NoError(t, err)
	write(log)
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		list = append(list, m)
	}
	return list
}

// at writes a line of this second.
func at(log *slog.Logger, second int64, level slog.Level, message string, args ...any) {
	r := slog.NewRecord(time.Unix(second, 0), level, message, 0)
	r.Add(args...)
	if log.Enabled(context.Background(), level) {
		_ = log.Handler().Handle(context.Background(), r)
	}
}

func TestFormats(t *testing.T) {
	for format, want := range map[logs.Format]string{
		logs.Auto:  `{"time":"`, // a buffer is no terminal
		logs.JSON:  `"level":"WARN","msg":"slow query","logger":"db/pg","took":7}`,
		logs.Plain: `level=WARN msg="slow query" logger=db/pg took=7`,
		logs.Human: `WRN slow query logger=db/pg took=7`,
		"JSON":     `{"time":"`,
	} {
		var out bytes.Buffer
		log, err := logs.New(logs.Config{Writer: &out, Format: format})
		require.NoError(t, err)
		logs.Named(log, "db/pg").Warn("slow query", "took", 7)
		require.Contains(t, out.String(), want, format)
		require.NotContains(t, out.String(), "\x1b", "colours are for terminals")
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LOG_LEVEL", "warn, db=debug ,db/pg=error,")
	t.Setenv("LOG_FORMAT", "plain")
	var out bytes.Buffer
	log, err := logs.New(logs.Config{Writer: &out})
	require.NoError(t, err)
	log.Info("no")
	log.Warn("yes")
	logs.Named(log, "db").Debug("yes")
	logs.Named(log, "db/sqlite").Debug("yes")
	logs.Named(log, "db/pg").Warn("no")
	logs.Named(log, "dbx").Info("no")
	require.Equal(t, 3, strings.Count(out.String(), "msg=yes"))
	require.NotContains(t, out.String(), "msg=no")
}

// TestMistakes: all at once, and the logger works all the same.
func TestMistakes(t *testing.T) {
	t.Setenv("LOG_LEVEL", "loud,db=2,x=info")
	var out bytes.Buffer
	log, err := logs.New(logs.Config{Writer: &out, Format: "xml", Burst: -1})
	require.ErrorContains(t, err, `LOG_LEVEL: logs: "loud" is no level`)
	require.ErrorContains(t, err, `"db=2" is no level`)
	require.ErrorContains(t, err, `"xml" is no format`)
	require.ErrorContains(t, err, "Config.Burst must not be negative")
	log.Info("here")
	require.Contains(t, out.String(), "here")
}

// TestLevelsWhileRunning: what is set holds for loggers that are there already, and for
// those derived from them.
func TestLevelsWhileRunning(t *testing.T) {
	levels := &logs.Levels{}
	lines := written(t, logs.Config{Levels: levels}, func(log *slog.Logger) {
		require.Same(t, levels, logs.LevelsOf(log.With("a", 1).WithGroup("g")))
		db := logs.Named(log, "db")
		pg := logs.Named(db, "/db/pg/").With("core", 1)
		grouped := log.WithGroup("g").With("logger", "db") // an attribute of a group, not a name
		pg.Debug("1 no")
		levels.Set("db", slog.LevelDebug)
		pg.Debug("2 yes")
		grouped.Debug("3 no")
		levels.Set("", slog.LevelError)
		log.Warn("4 no")
		pg.Debug("5 yes")
		levels.Set("db/pg", slog.LevelWarn)
		pg.Info("6 no")
		db.Debug("7 yes")
		require.Equal(t, []logs.NamedLevel{{"", slog.LevelError, true}, {"db", slog.LevelDebug, true}, {"db/pg", slog.LevelWarn, true}}, levels.All())
		levels.Clear("db")
		levels.Clear("db/pg")
		pg.Warn("8 no")
		levels.Clear("")
		pg.Info("9 yes")
		require.Equal(t, []logs.NamedLevel{{"", slog.LevelInfo, false}, {"db", slog.LevelInfo, false}, {"db/pg", slog.LevelInfo, false}}, levels.All())
	})
	var got []string
	for _, m := range lines {
		got = append(got, m["msg"].(string))
	}
	require.Equal(t, []string{"2 yes", "5 yes", "7 yes", "9 yes"}, got)
	require.Equal(t, "db/pg", lines[0]["logger"], "the later name")
	require.EqualValues(t, 1, lines[0]["core"])
	require.Nil(t, logs.LevelsOf(slog.New(slog.DiscardHandler)))
}

// TestLevelsModel: whatever is set and cleared in whatever order, a name has the level of the
// longest name at or above it.
func TestLevelsModel(t *testing.T) {
	names := []string{"", "a", "a/b", "a/b/c", "ab", "b"}
	rapid.Check(t, func(t *rapid.T) {
		levels, model := &logs.Levels{}, map[string]slog.Level{}
		log, err := logs.New(logs.Config{Writer: &bytes.Buffer{}, Format: logs.JSON, Levels: levels})
		require.NoError(t, err)
		loggers := map[string]*slog.Logger{}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				model[name] = rapid.SampledFrom([]slog.Level{-4, 0, 4, 8}).Draw(t, "level")
				require.True(t, levels.Set(name, model[name]))
			case 1:
				delete(model, name)
				levels.Clear(name)
			case 2:
				loggers[name] = logs.Named(log, name)
			}
		}
		for _, name := range names {
			want := slog.LevelInfo
			for at := name; ; at = at[:max(strings.LastIndexByte(at, '/'), 0)] {
				if level, ok := model[at]; ok {
					want = level
					break
				}
				if at == "" {
					break
				}
			}
			require.Equal(t, want, levels.Of(name), name)
			if l := loggers[name]; l != nil {
				require.True(t, l.Enabled(context.Background(), want))
				require.False(t, l.Enabled(context.Background(), want-1))
			}
		}
	})
}

// TestManyNames: names that come from outside fill no memory.
func TestManyNames(t *testing.T) {
	levels := &logs.Levels{}
	log, err := logs.New(logs.Config{Writer: &bytes.Buffer{}, Levels: levels})
	require.NoError(t, err)
	for i := range 3000 {
		logs.Named(log, fmt.Sprint("user/", i))
		levels.Set(fmt.Sprint("set/", i), slog.LevelDebug)
	}
	require.LessOrEqual(t, len(levels.All()), 2000)
	require.False(t, levels.Set("one/more", slog.LevelDebug))
	levels.Set("", slog.LevelWarn)
	require.False(t, logs.Named(log, "user/2999").Enabled(context.Background(), slog.LevelInfo))
}

// TestSampling: a burst, then every hundredth, and what was left out is told; lines about
// failures are always written.
func TestSampling(t *testing.T) {
	lines := written(t, logs.Config{Burst: 5}, func(log *slog.Logger) {
		for range 305 {
			at(log, 1, slog.LevelInfo, "often")
		}
		for range 20 {
			at(log, 1, slog.LevelWarn, "warned")
			at(log, 1, slog.LevelInfo, "request", "status", 503)
		}
		for range 9 {
			at(log, 1, slog.LevelInfo, "request", "status", 200)
		}
		at(log, 2, slog.LevelInfo, "often")
	})
	count := map[string]int{}
	leftOut := map[string]float64{}
	for _, m := range lines {
		key := fmt.Sprint(m["msg"], " ", m["status"])
		count[key]++
		if n, ok := m["left_out"].(float64); ok {
			leftOut[key] += n
		}
	}
	require.Equal(t, 5+3+1, count["often <nil>"])
	require.EqualValues(t, 305-8, leftOut["often <nil>"])
	require.Equal(t, 20, count["warned <nil>"])
	require.Equal(t, 20, count["request 503"])
	require.Zero(t, count["request 200"], "the burst of this message is used up")
}

// TestSecrets: the type decides, in every format and at every depth.
func TestSecrets(t *testing.T) {
	type account struct {
		Name     string
		Password secret.String
	}
	for _, format := range []logs.Format{logs.JSON, logs.Human, logs.Plain} {
		var out bytes.Buffer
		log, err := logs.New(logs.Config{Writer: &out, Format: format, Burst: 10})
		require.NoError(t, err)
		a := account{"ann", secret.Of("hunter2")}
		log.With("with", a.Password).WithGroup("g").Info("login", "account", a, "pointer", &a, "password", a.Password,
			"list", []any{a, a.Password}, "error", fmt.Errorf("no %v", a.Password), slog.Group("in", "account", a))
		require.NotContains(t, out.String(), "hunter2", format)
		require.Contains(t, out.String(), "***")
		require.Contains(t, out.String(), "ann")
	}
}

// TestConcurrent: loggers, levels and sampling from many goroutines.
func TestConcurrent(t *testing.T) {
	levels := &logs.Levels{}
	written(t, logs.Config{Levels: levels, Burst: 3}, func(log *slog.Logger) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for j := range 100 {
					name := fmt.Sprint("n", j%7)
					logs.Named(log, name).Info("line", "i", i)
					levels.Set(name, slog.Level(4*(j%3)))
					levels.All()
				}
			})
		}
		wg.Wait()
	})
}

func ExampleNew() {
	levels := &logs.Levels{}
	log, err := logs.New(logs.Config{Levels: levels})
	if err != nil {
		panic(err)
	}
	mail := logs.Named(log, "mail/smtp")
	fmt.Println(mail.Enabled(context.Background(), slog.LevelDebug))
	levels.Set("mail", slog.LevelDebug) // while the service runs
	fmt.Println(mail.Enabled(context.Background(), slog.LevelDebug))
	// Output:
	// false
	// true
}

// TestKept: the latest lines are found by what is in them, also those of derived loggers, and those of others are not.
func TestKept(t *testing.T) {
	var out bytes.Buffer
	log, err := logs.New(logs.Config{Writer: &out, Format: logs.Plain, Levels: &logs.Levels{}, Keep: 3})
	require.NoError(t, err)
	for i := range 5 {
		logs.Named(log, "db").With("request", fmt.Sprint("r", i)).Info("queried")
	}
	log.With("request", "r4").WithGroup("g").Warn("red", "long", strings.Repeat("x", 5000))
	require.Equal(t, 6, strings.Count(out.String(), "\n"), "all are written")
	lines, kept := logs.Kept(log, "request", "r4")
	require.True(t, kept)
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "msg=queried logger=db request=r4")
	require.Len(t, lines[1], 4<<10)
	lines, _ = logs.Kept(log, "request", "r2")
	require.Empty(t, lines, "there was room for three")

	human, err := logs.New(logs.Config{Writer: &out, Format: logs.Human, Levels: &logs.Levels{}, Keep: 1})
	require.NoError(t, err)
	human.Info("found", "request", "r7")
	lines, _ = logs.Kept(human.With("a", 1), "request", "r7")
	require.Len(t, lines, 1)
	require.NotContains(t, lines[0], "\x1b")
	none, err := logs.New(logs.Config{Writer: &out, Levels: &logs.Levels{}})
	require.NoError(t, err)
	_, kept = logs.Kept(none, "request", "r7")
	require.False(t, kept)
	_, kept = logs.Kept(slog.New(slog.DiscardHandler), "request", "r7")
	require.False(t, kept)
	_, err = logs.New(logs.Config{Writer: &out, Keep: -1})
	require.ErrorContains(t, err, "Config.Keep must be from 0 to 65,536")
}

// TestKeptOfOne: a client chooses its id, which may be part of another one's, or of what others log.
func TestKeptOfOne(t *testing.T) {
	for _, format := range []logs.Format{logs.JSON, logs.Plain, logs.Human} {
		t.Run(string(format), func(t *testing.T) {
			log, err := logs.New(logs.Config{Writer: io.Discard, Format: format, Levels: &logs.Levels{}, Keep: 100})
			require.NoError(t, err)
			ids := []string{"a", "aa", "a a", "=a", "request=a", `"request":"a"`, "a\n", "e", "1", "", "café"}
			if format != logs.Human { // which lets colours be
				ids = append(ids, "\x1b[1ma")
				log.Info("request=a", "size", "a", "of", slog.GroupValue(slog.String("b", "a")))
			}
			for i, id := range ids {
				log.With("request", id).Info("looked for a", "a", "e", "n", 1, "where", i)
			}
			for i, id := range ids {
				lines, kept := logs.Kept(log, "request", id)
				require.True(t, kept)
				require.Len(t, lines, 1, "%q: %q", id, lines)
				require.Regexp(t, `where"?[=:]`+fmt.Sprint(i), lines[0], "%q", id)
			}
			lines, _ := logs.Kept(log, "request", "b")
			require.Empty(t, lines)
		})
	}
}

// TestKeptWhileOthersLog: who looks finds whole lines of its own, in order, while the ring turns.
func TestKeptWhileOthersLog(t *testing.T) {
	log, err := logs.New(logs.Config{Writer: io.Discard, Format: logs.JSON, Levels: &logs.Levels{}, Keep: 300})
	require.NoError(t, err)
	var all sync.WaitGroup
	defer all.Wait()
	done := make(chan struct{})
	defer close(done)
	for g := range 4 {
		all.Go(func() {
			own := log.With("request", fmt.Sprint("r", g))
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
					own.Info("went on", "turn", i)
				}
			}
		})
	}
	found := func() []string { lines, _ := logs.Kept(log, "request", "r2"); return lines }
	require.Eventually(t, func() bool { return len(found()) > 0 }, time.Minute, time.Millisecond)
	for range 100 {
		lines, last := found(), -1
		for _, line := range lines {
			var one struct {
				Request string `json:"request"`
				Turn    int    `json:"turn"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &one), line)
			require.Equal(t, "r2", one.Request)
			require.Greater(t, one.Turn, last)
			last = one.Turn
		}
	}
}
