// Package auth is the code of docs/how-to/auth.md.
package auth
