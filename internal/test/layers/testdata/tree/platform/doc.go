// Package platform may not have build tags.
package platform
