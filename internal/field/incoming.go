package field

// IncomingKey is the key under which the context of a request that is being served has an
// interface{ Header(name string) string; RequestID() string }: what calls made for it pass on.
type IncomingKey struct{}
