// Package outbound is the code of docs/how-to/outbound-http.md.
package outbound
