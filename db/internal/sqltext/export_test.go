package sqltext

// Comparable is t without where in the text something is.
func Comparable(t Traits) Traits {
	t.body = span{}
	return t
}
