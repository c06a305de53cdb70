package mistake

import (
	"fmt"
	"time"
)

// The bounds of times that are configured. What is longer is a slip of units, such as seconds that were multiplied twice.
const (
	// LongestWait bounds for how long something waits or runs.
	LongestWait = 24 * time.Hour
	// LongestKept bounds for how long something is kept: a leap year.
	LongestKept = 366 * 24 * time.Hour
)

// Duration says what is wrong with the duration of a field: it must be above zero, or zero where that has a
// meaning, and at most most. "": nothing.
func Duration(field string, d, most time.Duration, zero bool) string {
	switch {
	case d < 0:
		return fmt.Sprintf("%s must not be negative, it is %v", field, d)
	case d == 0 && !zero:
		return field + " must be above zero"
	case d > most:
		return fmt.Sprintf("%s must be at most %v, it is %v", field, most, d)
	}
	return ""
}

// Duration notes what [Duration] says, at the place of the user's call.
func (l *List) Duration(field string, d, most time.Duration, zero bool) bool {
	text := Duration(field, d, most, zero)
	return l.Unless(text == "", text)
}
