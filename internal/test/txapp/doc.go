// Package txapp tests apps whose requests are transactions:
//
//	txapp.Run(t, txapp.Database{Open: open, Slow: "SELECT …"})
//
// The model is one sentence: what a client was told is what is stored. Each way for a
// request to end is tried in each style of handler, behind middleware and without, over
// every engine, and then many at once that get into each other's way. Drivers run it.
package txapp
