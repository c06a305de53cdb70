// Package goclient30 is the client of the shop that oapi-codegen makes of its document as
// OpenAPI 3.0.
package goclient30
