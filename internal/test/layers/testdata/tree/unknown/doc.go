// Package unknown is not in the table.
package unknown
