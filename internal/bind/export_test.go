package bind

// InMemory returns the content of a small upload; false for one in a file.
func (u *Upload) InMemory() ([]byte, bool) { return u.data, u.file == nil }
