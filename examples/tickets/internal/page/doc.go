// Package page has what all lists of the service share: a page, and the cursor that says where the next one begins.
package page
