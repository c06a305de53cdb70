// Package caching holds the code of docs/how-to/caching.md. Its tests run all of it.
package caching
