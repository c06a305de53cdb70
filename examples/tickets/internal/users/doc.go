// Package users knows who the users are, what they may do, and their tokens.
//
// The files: users.go what a user is, password.go and tokens.go how they prove who they are, store.go their rows,
// handlers.go the routes.
package users
