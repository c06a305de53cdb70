package frame_test

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// A field block is written in two frames, and the first one is read.
func Example() {
	in := frame.AppendBlock(nil, 1, frame.EndStream, []byte("a field block"), 8)
	h := frame.ParseHeader(in) // len(in) >= frame.HeaderSize
	if err := h.Check(frame.DefaultMaxFrame); err != nil {
		fmt.Println(err)
		return
	}
	payload := in[frame.HeaderSize:][:h.Length]
	block, _, err := h.Block(payload) // without padding
	fmt.Println(h.Stream, h.Flags.Has(frame.EndHeaders), len(block), err)
	// Output: 1 false 8 <nil>
}
