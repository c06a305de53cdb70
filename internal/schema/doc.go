// Package schema describes Go types for the outside: which JSON members a
// struct has ([MembersOf]), which checks its tags ask for ([TagsOf],
// [MemberTags]), and the JSON Schema (draft 2020-12) that says the same to
// clients ([Registry], [Document]). The codec, the binder and the OpenAPI
// document are all made from it, so they cannot disagree; a test of
// internal/codec holds schema and decoder against each other.
//
// # Tags
//
//	minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf   numbers, durations ("1h30m")
//	minLength, maxLength (characters), pattern (RE2), format           strings
//	enum (separated by commas)                                         strings and numbers
//	minItems, maxItems, uniqueItems                                    lists
//	minProperties, maxProperties                                       maps
//	default, required, sensitive                                       all
//	readOnly, writeOnly                                                members: of answers, of requests only
//	doc, title, example, deprecated                                    for the documentation
//
// The checks of scalars reach through pointers, Opt, lists and maps to the
// scalars inside. Formats that are checked: email, uuid, date-time, date,
// time, uri, ipv4, ipv6, hostname, duration. A format:"password" makes the
// value sensitive: errors never repeat it.
//
// A time.Duration is written as package time writes it, "1h30m0s", in JSON too.
//
// A member is required unless it is a pointer or an [Opt], has a default or
// an omit option, or says readOnly:"true" or required:"false". null is a value of pointers, Opt
// and interfaces only.
//
// Requests and answers may have a type differently: then it has two schemas (direction.go),
// whose names depend on the set of types alone (names.go).
//
// # Hooks
//
// [openapi.Enumerated] lists the values of a named type, a method OneOf makes a struct that embeds
// the [Holder] of a variant a union ([ChoiceOf]), [openapi.Described] gives the schema of a type,
// which is checked where it is one of a text or a number (described.go). Tags of a field may
// narrow it.
//
// # Ownership, cost, refusals
//
// Everything but the checks themselves runs at start-up. Rules and members
// are immutable afterwards and may be read by any goroutine; a check that
// passes does not allocate. A [Registry] belongs to one goroutine. Mistakes in
// tags are collected and returned together, with the Go path of each field:
// values that are no numbers, rules for another type, contradictory bounds,
// unknown formats, known tags in the wrong case.
package schema
