package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCron: what next finds is the first minute that fits, by looking at each, also where clocks change.
func TestCron(t *testing.T) {
	var places []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"} {
		place, err := time.LoadLocation(name)
		require.NoError(t, err)
		places = append(places, place)
	}
	part := func(rt *rapid.T, f field, all int) (string, map[int]bool) {
		set := map[int]bool{}
		if rapid.IntRange(0, all).Draw(rt, "all "+f.name) > 0 {
			for v := f.from; v <= f.to; v++ {
				set[v] = true
			}
			return "*", set
		}
		text := ""
		for i := range rapid.IntRange(1, 2).Draw(rt, "parts") {
			from := rapid.IntRange(f.from, f.to).Draw(rt, "from")
			to := rapid.IntRange(from, f.to).Draw(rt, "to")
			by := rapid.IntRange(1, 3).Draw(rt, "by")
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf("%d-%d/%d", from, to, by)
			for v := from; v <= to; v += by {
				set[v] = true
			}
		}
		return text, set
	}
	rapid.Check(t, func(rt *rapid.T) {
		minute, minutes := part(rt, fields[0], 1)
		hour, hours := part(rt, fields[1], 1)
		day, days := part(rt, fields[2], 2)
		weekday, weekdays := part(rt, fields[4], 2)
		place := rapid.SampledFrom(places).Draw(rt, "place")
		c, err := parseCron(fmt.Sprint(minute, " ", hour, " ", day, " * ", weekday), place)
		if err != nil {
			require.ErrorContains(rt, err, "never comes")
			return
		}
		from := time.Date(2018, time.Month(rapid.IntRange(1, 12).Draw(rt, "month")), rapid.IntRange(1, 28).Draw(rt, "date"), rapid.IntRange(0, 23).Draw(rt, "at"), 17, 31, 5, place)
		next := c.next(from)
		for at := from.Truncate(time.Minute).Add(time.Minute); at.Before(from.AddDate(0, 0, 12)); at = at.Add(time.Minute) {
			onDay, onWeekday := days[at.Day()], weekdays[int(at.Weekday())] || at.Weekday() == 0 && weekdays[7]
			fits := onDay && onWeekday
			if day != "*" && weekday != "*" {
				fits = onDay || onWeekday
			}
			if fits && hours[at.Hour()] && minutes[at.Minute()] {
				require.Equal(rt, at, next, "behind %v", from)
				return
			}
			require.NotEqual(rt, at, next)
		}
	})
}

func TestCronTexts(t *testing.T) {
	from := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) // a Monday
	for text, want := range map[string]string{
		"@hourly": "2026-11-30 09:00", "@daily": "2026-12-01 00:00", "@weekly": "2026-12-06 00:00", "@monthly": "2026-12-01 00:00", "@yearly": "2027-01-01 00:00",
		"0 0 29 2 *": "2028-02-29 00:00", "0 6 * * mon-fri": "2026-12-01 06:00", "5/20 * * JAN *": "2027-01-01 00:05", "0 0 * * 7": "2026-12-06 00:00",
		"0 0 * * fri-7": "2026-12-04 00:00", "0 0 1 * mon": "2026-12-01 00:00",
	} {
		c, err := parseCron(text, time.UTC)
		require.NoError(t, err, text)
		require.Equal(t, want, c.next(from).Format("2006-01-02 15:04"), text)
	}
	for text, want := range map[string]string{
		"": "five", "* * * *": "five", "60 * * * *": `minute of "60 * * * *": "60" is not one of 0 to 59`, "* 5-3 * * *": "backwards", "*/0 * * * *": "no step", "* * 0 * *": "day",
		"* * * foo *": "foo", "0 0 30 2 *": "never comes", "- * * * *": "not one of", "1,, * * * *": "not one of",
	} {
		_, err := parseCron(text, time.UTC)
		require.ErrorContains(t, err, want, text)
	}
}
