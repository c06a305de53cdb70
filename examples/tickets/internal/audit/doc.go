// Package audit keeps who has changed what. An entry is written in the transaction of the change itself: there is no change without an
// entry, and no entry without its change.
package audit
