// Package notes is one subject of the app: its types, its store, its routes.
package notes
