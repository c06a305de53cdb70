// Package goclient is the client of the shop that oapi-codegen makes of its document.
package goclient
