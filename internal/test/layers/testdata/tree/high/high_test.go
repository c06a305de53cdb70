package high

import (
	_ "github.com/other/module"
	_ "github.com/test/module"

	_ "example.com/project/high"
	_ "example.com/project/unknown"
)
