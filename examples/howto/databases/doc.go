// Package databases is the code of docs/how-to/databases.md.
package databases
