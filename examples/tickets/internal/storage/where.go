package storage

import (
	"strconv"
	"strings"
)

// Where collects the conditions of a statement. The texts are the program's own; what clients send goes into parameters only.
// The zero value lets all rows pass.
type Where struct {
	conditions []string
	Args       []any
}

// Add adds a condition, in which each "?" stands for one of args.
func (w *Where) Add(condition string, args ...any) {
	for _, arg := range args {
		condition = strings.Replace(condition, "?", w.Param(arg), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// Param adds a parameter, and returns its name.
func (w *Where) Param(arg any) string {
	w.Args = append(w.Args, arg)
	return "$" + strconv.Itoa(len(w.Args))
}

// String is the clause, with a space before it.
func (w *Where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// AddOneOf adds a condition that a column has one of a few values: each number of values is a statement of its own.
func AddOneOf[T any](w *Where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	params := make([]string, len(values))
	for i, v := range values {
		params[i] = w.Param(v)
	}
	w.conditions = append(w.conditions, column+" IN ("+strings.Join(params, ", ")+")")
}

// Contains is the pattern of LIKE for texts that contain this one. It goes with ESCAPE '\'.
func Contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
}
