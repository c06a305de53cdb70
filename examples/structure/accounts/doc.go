// Package accounts knows who asks: other packages have its User injected.
package accounts
