package shop

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/security"
)

// Stored is what became of an upload.
type Stored struct {
	Title string   `json:"title"`
	Bytes int64    `json:"bytes"`
	Type  string   `json:"type"`
	More  []string `json:"more"`
}

// Imported is what an import did.
type Imported struct {
	Lines int `json:"lines"`
}

// Price is an item of the streams.
type Price struct {
	SKU  string `json:"sku"`
	Cent int64  `json:"cent"`
}

func routeFiles(app *fasterapi.App, people *security.Scheme[Who], machines *security.Scheme[Machine]) {
	files := app.Group("", fasterapi.Tags("files"))
	files.Put("/users/{id}/avatar", putAvatar, people.Require("write"), fasterapi.OperationID("putAvatar"))
	files.Get("/users/{id}/avatar", getAvatar, people.Require("read"), fasterapi.OperationID("getAvatar"))
	files.Post("/imports", imports, machines.Require(), fasterapi.OperationID("importPrices"))
	files.GetFuture("/prices", prices, fasterapi.OperationID("prices"))
	files.Get("/prices/export", export, fasterapi.OperationID("exportPrices"))
	files.Get("/prices/live", live, fasterapi.OperationID("livePrices"))
	files.Get("/report", report, fasterapi.OperationID("report"))
	files.WebSocket("/chat", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[Event, Price]) error { return nil })
	files.Get("/text/{rest...}", func(_ *fasterapi.Ctx, in struct {
		Rest string `path:"rest"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text("text of " + in.Rest), nil
	}, fasterapi.OperationID("text"))
	app.Webhook[Event]("orderChanged", fasterapi.Summary("An order has changed"))
}

func putAvatar(_ *fasterapi.Ctx, in struct {
	ID    int64              `path:"id" minimum:"1"`
	Title string             `form:"title" maxLength:"40"`
	Role  *Role              `form:"role"`
	Photo fasterapi.Upload   `file:"photo" accept:"image/png, text/plain" maxBytes:"100000"`
	More  []fasterapi.Upload `file:"more" maxItems:"3"`
	DB    *store             `inject:""`
},
) (out Stored, err error) {
	data, err := in.Photo.Bytes()
	if err != nil {
		return out, err
	}
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	if _, ok := in.DB.users[in.ID]; !ok {
		return out, missing("user")
	}
	in.DB.avatars[in.ID] = data
	out = Stored{Title: in.Title, Bytes: in.Photo.Size, Type: in.Photo.ContentType}
	for _, more := range in.More {
		out.More = append(out.More, more.Name)
	}
	return out, nil
}

func getAvatar(_ *fasterapi.Ctx, in struct {
	ID int64  `path:"id" minimum:"1"`
	DB *store `inject:""`
},
) (fasterapi.File, error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	data, ok := in.DB.avatars[in.ID]
	if !ok {
		return fasterapi.File{}, missing("avatar")
	}
	return fasterapi.File{Content: bytes.NewReader(data), ContentType: "image/png", ETag: `"1"`}, nil
}

func imports(_ *fasterapi.Ctx, in struct {
	Prices io.Reader `body:"text/csv"`
},
) (out Imported, err error) {
	lines := bufio.NewScanner(in.Prices)
	for lines.Scan() {
		out.Lines++
	}
	return out, lines.Err()
}

var allPrices = []Price{{"AB-1", 995}, {"AB-2", 1 << 40}}

func prices(*fasterapi.Ctx, fasterapi.None) async.Future[[]Price] { return async.Ready(allPrices) }

func export(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[Price], error) {
	return func(yield func(Price, error) bool) {
		for _, price := range allPrices {
			if !yield(price, nil) {
				return
			}
		}
	}, nil
}

func live(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[Price], error) {
	return fasterapi.SSE[Price]{Send: func(s *fasterapi.EventSender[Price]) error {
		for _, price := range allPrices {
			if err := s.Send(fasterapi.Event[Price]{Name: "price", Data: price}); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// Report is a page, or the way to the one that there is.
type Report = fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]

func report(_ *fasterapi.Ctx, in struct {
	Year int `query:"year" required:"true" minimum:"2000" maximum:"2100"`
},
) (Report, error) {
	if in.Year < 2026 {
		return Report{}.Second(fasterapi.Redirect{Location: "/report?year=2026", Status: 303}), nil
	}
	return Report{}.First(fasterapi.HTML("<h1>" + strings.Repeat("9", 4) + "</h1>")), nil
}
