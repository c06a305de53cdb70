// Package high may import low, and one external module.
package high

import (
	_ "github.com/allowed/module/sub"
	_ "github.com/other/module"
	_ "github.com/test/module"

	_ "example.com/project/absent"
	_ "example.com/project/low"
	_ "example.com/project/pure"
)
