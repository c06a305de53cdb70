package app_test

import (
	"os"
	"testing"
)

// TestMain lets no test depend on how busy the machine is: the protection from overload is
// off where a test does not turn it on.
func TestMain(m *testing.M) {
	os.Setenv("OVERLOAD_PROTECTION", "off")
	os.Exit(m.Run())
}
