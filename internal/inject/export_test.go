package inject

// Needs returns the providers that meet the needs of provider i, in the order
// of its fields. It is complete only in a Graph without mistakes.
func (g *Graph) Needs(i int) []int { return g.needs[i] }
