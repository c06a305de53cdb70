//go:build !race

package problem_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/problem"
	"github.com/stretchr/testify/require"
)

func TestAppendJSONDoesNotAllocate(t *testing.T) {
	p := problem.Validation(problem.FieldError{Location: "query.page", Message: "must be an integer", Value: "<x>"})
	buf := make([]byte, 0, 1024)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = p.AppendJSON(buf[:0]) }))
}
