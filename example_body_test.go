package fasterapi_test

import (
	"context"
	"fmt"

	"github.com/fasterapi/fasterapi"
)

// Image and Offer are nested models; lists, maps and sets of models are types too.
type (
	Image struct {
		URL  string `json:"url" format:"uri"`
		Name string `json:"name"`
	}
	Offer struct {
		Name   string            `json:"name" minLength:"1"`
		Price  float64           `json:"price" exclusiveMinimum:"0"`
		Images []Image           `json:"images,omitempty" maxItems:"3"`
		Sizes  []string          `json:"sizes,omitempty" uniqueItems:"true" enum:"S,M,L"`
		Notes  map[string]string `json:"notes,omitempty"`
	}
)

// Nested models are checked to their leaves, in one pass over the body.
func ExampleApp_Put() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Put("/offers/{id}", func(c *fasterapi.Ctx, in struct {
		ID    int64 `path:"id"`
		Offer Offer `body:""`
	},
	) (Offer, error) {
		return in.Offer, nil
	})

	request(app, "PUT", "/offers/1", `{"name":"Shirt","price":9.5,"images":[{"url":"https://example.org/a.png","name":"front"}],"sizes":["M"]}`,
		"Content-Type", "application/json")
	request(app, "PUT", "/offers/x", `{"name":"","images":[{"url":"a.png"}],"sizes":["M","M","XL"]}`, "Content-Type", "application/json")
	// Output:
	// 200 {"name":"Shirt","price":9.5,"images":[{"url":"https://example.org/a.png","name":"front"}],"sizes":["M"]}
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.id","message":"must be an integer","value":"x"},{"location":"body.name","message":"must have at least 1 character","value":""},{"location":"body.images[0].url","message":"must be an absolute URI","value":"a.png"},{"location":"body.images[0].name","message":"is required"},{"location":"body.sizes[2]","message":"must be one of: S, M, L","value":"XL"},{"location":"body.sizes","message":"must not have the same item twice"},{"location":"body.price","message":"is required"}]}
}

// Shape is a union: the member "kind" says which of its types the body is.
type (
	Shape  struct{ fasterapi.Union[Shape] }
	Circle struct {
		Kind   string  `json:"kind"`
		Radius float64 `json:"radius" exclusiveMinimum:"0"`
	}
	Square struct {
		Kind string  `json:"kind"`
		Side float64 `json:"side" exclusiveMinimum:"0"`
	}
)

func (Shape) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Circle]("circle"), fasterapi.VariantOf[Square]("square"),
	}}
}

// What Python writes as Circle | Square is a Union.
func ExampleUnion() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/area", func(c *fasterapi.Ctx, in struct {
		Shape Shape `body:""`
	},
	) (fasterapi.Text, error) {
		switch shape := in.Shape.Of.(type) {
		case Circle:
			return fasterapi.Text(fmt.Sprintf("%.2f", shape.Radius*shape.Radius*3.14159)), nil
		case Square:
			return fasterapi.Text(fmt.Sprintf("%.2f", shape.Side*shape.Side)), nil
		}
		return "", nil
	})

	request(app, "POST", "/area", `{"kind":"square","side":2}`, "Content-Type", "application/json")
	request(app, "POST", "/area", `{"kind":"circle","radius":-1}`, "Content-Type", "application/json")
	// Output:
	// 200 4.00
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"body.radius","message":"must be greater than 0","value":-1}]}
}

// StrictBody refuses members that the type does not have, like pydantic's
// extra="forbid".
func ExampleStrictBody() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/images", func(c *fasterapi.Ctx, in struct {
		Image Image `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.StrictBody())

	request(app, "POST", "/images", `{"url":"https://example.org/","name":"a","size":3}`, "Content-Type", "application/json")
	// Output:
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"body.size","message":"is not known"}]}
}
