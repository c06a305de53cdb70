package wire

// Error is why a message was refused, and what to answer.
//
// Every Error that this package returns is a value made before the first
// request: refusing costs no allocation, and Reason never quotes the input.
// After an Error the framing of the connection is in doubt: answer with Status
// and close.
//
// Owner: any (immutable after New).
type Error struct {
	Status int    // the status code to answer with: 400, 413, 414, 417, 431, 501 or 505
	Reason string // what was wrong, for a log line or a problem's detail; lower case, no input in it
}

// Error says the reason with the name of the package in front.
func (e *Error) Error() string { return "wire: " + e.Reason }

// Refusals of a request head. The sections are of RFC 9112 unless named.
var (
	errEmptyLines     = &Error{400, "too many empty lines before the request line"}                    // 2.2
	errBareCR         = &Error{400, "carriage return without line feed"}                               // 2.2
	errBareLF         = &Error{400, "line feed without carriage return"}                               // 2.2
	errMethod         = &Error{400, "method is not a token"}                                           // 3.1
	errMethodLong     = &Error{501, "method is longer than any that is implemented"}                   // 3
	errTargetByte     = &Error{400, "request target contains a byte that must be encoded"}             // 3.2
	errTargetEmpty    = &Error{400, "request target is empty"}                                         // 3.2
	errTargetLong     = &Error{414, "request target is too long"}                                      // 3
	errTargetForm     = &Error{400, "request target has no form that is known for its method"}         // 3.2
	errTargetEscape   = &Error{400, "request target has a percent sign without two hex digits"}        // RFC 3986 2.1
	errTargetHost     = &Error{400, "request target has an invalid authority"}                         // 3.2.2, 3.2.3
	errVersion        = &Error{400, "request line does not end in a protocol version"}                 // 2.3
	errVersionMajor   = &Error{505, "protocol version is not supported"}                               // RFC 9110 15.6.6
	errFold           = &Error{400, "folded header field"}                                             // 5.2
	errNameSpace      = &Error{400, "white space before the colon of a header field"}                  // 5.1
	errName           = &Error{400, "header field name is not a token"}                                // RFC 9110 5.1
	errValue          = &Error{400, "header field value contains a control character"}                 // RFC 9110 5.5
	errHeadLong       = &Error{431, "request head is too long"}                                        // RFC 6585 5
	errFields         = &Error{431, "request head has too many fields"}                                // RFC 6585 5
	errHostMissing    = &Error{400, "Host field is missing"}                                           // 3.2
	errHostTwice      = &Error{400, "more than one Host field"}                                        // 3.2
	errHost           = &Error{400, "Host field is not a valid host and port"}                         // 3.2
	errLength         = &Error{400, "Content-Length is not one decimal number"}                        // 6.3
	errLengthTwice    = &Error{400, "more than one Content-Length field"}                              // 6.3
	errLengthAndCoded = &Error{400, "both Content-Length and Transfer-Encoding"}                       // 6.1
	errCodedOld       = &Error{400, "Transfer-Encoding in an HTTP/1.0 request"}                        // 6.1
	errCodedFinal     = &Error{400, "Transfer-Encoding does not end in exactly one chunked"}           // 6.3
	errCodedUnknown   = &Error{501, "Transfer-Encoding names a coding other than chunked"}             // 6.1
	errExpect         = &Error{417, "expectation is not 100-continue"}                                 // RFC 9110 10.1.1
	errChunkSize      = &Error{400, "chunk size is not a hexadecimal number of at most 63 bits"}       // 7.1
	errChunkExtension = &Error{400, "chunk extension is not a list of names and values"}               // 7.1.1
	errChunkExtended  = &Error{400, "chunk extensions are too long"}                                   // 7.1.1
	errChunkEnd       = &Error{400, "chunk does not end in carriage return and line feed"}             // 7.1
	errBodyLong       = &Error{413, "the request body is too large"}                                   // RFC 9110 15.5.14
	errTrailersLong   = &Error{431, "trailer section is too long"}                                     // RFC 6585 5
	errTrailerFraming = &Error{400, "trailer section contains a field that frames or routes messages"} // RFC 9110 6.5.1
)
