// Package contract holds what a service answers against its OpenAPI document. It is for
// tests: other people's code (kin-openapi, santhosh-tekuri/jsonschema) judges both.
//
// A [Contract] is safe for any goroutine. Reading one takes milliseconds, checking an
// answer some ten microseconds.
//
// It refuses documents that are not valid, schemas that are not JSON Schema
// 2020-12, and answers with a status, a content type or a body that the document
// does not promise. Requests of no operation in the document, or of wildcards
// that take several segments, it does not judge, and statuses of success that it
// does not have it reports apart.
package contract
