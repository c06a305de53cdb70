// Package operating holds the code of docs/how-to/admin.md. Its tests run all of it.
package operating
