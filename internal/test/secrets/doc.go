// Package secrets has no code: its tests drive apps whose inputs have fields of package secret's
// types, over both engines, and look for the texts in everything that comes out.
package secrets
