package docs

// snippet: add
func add(a, b int) int {
	return a + b
}

// end snippet
