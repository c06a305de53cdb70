// Package server puts the parts of the service together.
package server
