// Package howto holds the code of docs/how-to: streams, WebSockets, lists in pages, background work, health checks, balancers. Its
// tests run all of it.
package howto
