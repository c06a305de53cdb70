// Package validation holds the code of docs/how-to/validation.md: rules of members, of several members together, and
// of the request around them. Its tests run all of it, and the commands of the page.
package validation
