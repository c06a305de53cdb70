// Package docspage makes the files of the page that shows an OpenAPI document and
// tries its requests, and those of the document itself:
//
//	site := &docspage.Site{Path: "/docs", DocumentPath: "/openapi.json", DocumentPath30: "/openapi-3.0.json", Document: func() *openapi.Document { … }}
//	for _, file := range slices.Concat(site.DocumentFiles(), site.PageFiles()) {
//		// a GET of file.Path is answered with:
//		page, err := file.Page()
//		status, contentType, body := page.Answer("GET", headers, setHeader)
//	}
//
// The page is Swagger UI, whose files are part of the program; it asks no other host.
// Its links are relative: it works behind a proxy that takes a prefix off the path.
//
//   - site.go: which files there are, and what each is made of
//   - page.go: one file with its entity tag and its compressed bytes, and what a
//     request for it gets
//   - files.go: the files that are not of Swagger UI
//
// # Ownership and cost
//
// A [Page] never changes and is for any goroutine. It is made when it is first asked
// for, compressed as well as gzip can, and kept: 1.7 MB for all of Swagger UI, of
// which a program whose page nobody opens takes nothing. An answer copies nothing.
//
// # What it refuses
//
// Settings that are no JSON: an error of the file start.js. The Content-Security-Policy
// of the page lets it load and ask nothing but its own host and those that the
// document names.
package docspage
