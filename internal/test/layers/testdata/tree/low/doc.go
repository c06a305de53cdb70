// Package low is at the bottom and breaks no rule but one.
package low

import _ "example.com/project/high"

// Low is linked to.
type Low struct{}
