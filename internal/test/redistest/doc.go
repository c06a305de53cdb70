// Package redistest runs a Redis for tests, behind a proxy by which they disturb it:
//
//	server := redistest.Start(t)
//	client, err := redisclient.Open(server.URL())
//	server.Kill()
//	server.Start()
//	server.Proxy.Garbage(true)
//
// Server.Suffer goes through all that a Redis may do: be killed and started again, full, slow, silent, cut off, and answer nonsense.
//
// It needs redis-server or valkey-server. A Server belongs to one test; a Proxy is for any goroutine.
package redistest
