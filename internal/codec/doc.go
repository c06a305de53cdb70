// Package codec turns Go values into JSON, and JSON into checked Go values,
// with a plan that is compiled once per type.
//
//	encoder, err := codec.CompileEncoder(reflect.TypeFor[User]())
//	out, err = codec.Append(encoder, out, &user)
//
//	decoder, err := codec.CompileDecoder(reflect.TypeFor[User](), codec.Options{})
//	mistakes := codec.Decode(decoder, body, &user) // none: all is well
//
// # Encoding
//
// [CompileEncoder] walks a type once; [Append] then appends values of that
// type to a buffer. The bytes are those of encoding/json/v2 with its default
// options, except that maps are written in the order of their names, as with
// its Deterministic option, and that a time.Duration, for which it has no form,
// is the text of package time: "1h30m0s" ([Durations] teaches it that form). What
// the compiler does not know (MarshalJSON and MarshalJSONTo methods, map keys with
// methods, `embed` fields) is written by encoding/json/v2 itself, for that part of
// the value only.
//
// Two things are refused when compiling rather than when encoding: types that
// have no JSON form (chan, func, complex) and mistakes in json tags.
// encoding/json/v2 would let those pass as long as no value reaches them.
//
// # Decoding
//
// [CompileDecoder] walks a type and the rules of its tags (package
// internal/schema); [Decode] then reads a document once and checks it on the
// way. All errors are reported, each with its place: body.items[3].price. A
// syntax error ends the run, behind what was found before it.
//
// Documents are read as encoding/json/v2 reads them: names are
// case-sensitive, names given twice and strings that are not UTF-8 are
// refused, integers have no point and no exponent, nothing overflows. It is
// stricter in two points: null is refused unless the type is a pointer, an
// Opt, an interface or has an UnmarshalJSON of its own, and members may be
// required. Unknown members are skipped, or refused with Options.Strict.
// Types with UnmarshalJSON or UnmarshalJSONFrom are read by encoding/json/v2;
// the rules of tags do not reach into them.
//
// The value is set to zero first; nothing is merged.
//
// # Unions
//
// A union is read as the variant that its discriminator names, and written with it: a variant
// without a discriminator is given its own, one with another's is an error, and so is a union
// that holds nothing or something else. The JSON methods of a union are [MarshalTo] and
// [UnmarshalFrom], so encoding/json does the same.
//
// # Ownership
//
// Encoders and decoders are immutable after compilation and may be used by
// any number of goroutines at once. The destination of Append belongs to the
// caller; it is returned unchanged in length when encoding fails. The input
// of Decode is read during the call only: strings are copies, and the user's
// to keep. Short strings of one document share chunks of up to 1 KiB, which
// the collector frees with the last of them.
//
// A plain encoder or decoder keeps no pointer to the value, so the value may
// live on the caller's stack; others may, when a method of the user's does, so
// they work on a copy on the heap.
//
// # Cost
//
// A plain value costs no allocation to encode when the destination has room,
// and one to decode for all of its short strings, besides slices, maps and
// pointers. Ten scalar fields take 0.3 of the time of encoding/json/v2 with a
// reused encoder to encode, and 0.5 of json.Unmarshal to decode and check
// (BenchmarkEncodeFlat, BenchmarkDecodeChecked). A map with more than 16
// members allocates the list of its names to encode.
//
// Memory for a document grows with its length, never with a number in it: at
// worst by the size of a list's element per two bytes ("{}" and a comma), so
// limit the length of bodies, and lists with maxItems.
//
// # Refused
//
// When encoding: strings that are not UTF-8, NaN and infinities, times outside
// of RFC 3339, more than 10,000 levels of nesting, cycles. None of them
// panics; the error is an [*EncodeError] with a JSON Pointer to the place.
//
// When decoding: everything above, documents beyond [Limits]. Errors repeat
// short scalars only, and nothing of members tagged sensitive.
package codec
