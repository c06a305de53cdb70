package codec_test

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/codec"
)

type Article struct {
	ID    int64    `json:"id" minimum:"1"`
	Title string   `json:"title" minLength:"3"`
	Tags  []string `json:"tags" maxItems:"2" default:"news"`
}

func ExampleDecode() {
	d, err := codec.DecoderFor[Article](codec.Options{})
	if err != nil {
		panic(err) // a mistake in the tags
	}
	var good, bad Article
	fmt.Println(codec.Decode(d, []byte(`{"id": 1, "title": "Hello"}`), &good), good)
	for _, fault := range codec.Decode(d, []byte(`{"id": 0, "tags": ["a", 2, "c"]}`), &bad) {
		fmt.Println(fault.Location, fault.Message)
	}
	// Output:
	// [] {1 Hello [news]}
	// body.id must be at least 1
	// body.tags[1] must be a string
	// body.tags must have at most 2 items
	// body.title is required
}

func ExampleAppend() {
	e, err := codec.EncoderFor[Article]()
	if err != nil {
		panic(err)
	}
	response := make([]byte, 0, 512)
	response, err = codec.Append(e, response, &Article{ID: 1, Title: "a < b"})
	fmt.Println(string(response), err)
	// Output: {"id":1,"title":"a < b","tags":[]} <nil>
}
