// Package guide has the code of docs/production-guide.md that no other example has; its tests run it.
package guide
