// Package attachments keeps the files of tickets. They are in the database, so that they are written in the transaction of the request, and one
// backup has all of them. For files of many megabytes put the content into an object store, and keep the row.
//
// What a client says of its file is no proof: the content has to look like it, and the browser is told not to guess.
package attachments
