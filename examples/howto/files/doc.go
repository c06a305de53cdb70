// Package files holds the code of docs/how-to/files-and-uploads.md: forms with files, bodies that are files, and files
// as answers. Its tests run all of it, and the commands of the page.
package files
