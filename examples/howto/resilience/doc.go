// Package resilience has the examples of docs/how-to/resilience.md: retries, timeouts, breakers.
package resilience
