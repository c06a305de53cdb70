// Package tickets is what the service is about: questions of customers, and what is done about them.
//
// The files: tickets.go what a ticket is, actions.go what is done about one, store.go the rows, list.go filters, order and pages, handlers.go the routes.
package tickets
