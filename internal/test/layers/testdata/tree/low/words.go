package low

type Config struct{ mercy int }

func (c Config) validate() error { return nil }

func (c Config) resolve() Config { return c }

type verdict struct{}

func (verdict) validate() bool { return true }

func annoy() {}

const shelf, counter = 1, 2
