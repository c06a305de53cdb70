package docs

// snippet: add
func add(a, b int) int {
	return a + b
}

// end snippet

// snippet: idle
func idle() {}

func shown() {}

func compiledOnly() {}

// end snippet
