package howto

import (
	"strconv"
	"sync"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: feed
// News is one piece of what clients follow.
type News struct {
	Text string `json:"text" minLength:"1"`
}

// Feed keeps all news, in their order.
type Feed struct {
	mu   sync.Mutex
	news []News
	more chan struct{} // closed with the next piece
}

// NewFeed returns a feed without news.
func NewFeed() *Feed { return &Feed{more: make(chan struct{})} }

// Add adds a piece, and wakes all who wait for it.
func (f *Feed) Add(piece News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.news = append(f.news, piece)
	close(f.more)
	f.more = make(chan struct{})
}

// After returns the pieces behind the first n, and what is closed when there are more.
func (f *Feed) After(n int) (news []News, more <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.news[min(n, len(f.news)):], f.more
}

// end snippet

// snippet: follow
func followNews(c *fasterapi.Ctx, in struct {
	Feed *Feed `inject:""`
},
) (fasterapi.SSE[News], error) {
	seen := 0
	if last := c.LastEventID(); last != "" { // the browser was here before
		var err error
		if seen, err = strconv.Atoi(last); err != nil || seen < 0 {
			return fasterapi.SSE[News]{}, problem.BadRequest("Last-Event-ID is not one of ours")
		}
	}
	return fasterapi.SSE[News]{Send: func(s *fasterapi.EventSender[News]) error {
		for {
			news, more := in.Feed.After(seen)
			for _, piece := range news {
				seen++
				if err := s.Send(fasterapi.Event[News]{ID: strconv.Itoa(seen), Data: piece}); err != nil {
					return err
				}
			}
			select {
			case <-c.Done(): // the client has left, or the app stops
				return nil
			case <-more:
			}
		}
	}}, nil
}

// end snippet

// snippet: lines
// exportNews sends a row in each line while the database finds them: the table may be larger than memory.
func exportNews(c *fasterapi.Ctx, in struct {
	DB *db.Pool `inject:""`
},
) (fasterapi.JSONLines[News], error) {
	return fasterapi.JSONLines[News](in.DB.Each[News](c, `SELECT text FROM news ORDER BY id`)), nil
}

// end snippet

// snippet: stream
// exportCSV writes what it likes. What can fail before the first byte is done before it returns.
func exportCSV(c *fasterapi.Ctx, in struct {
	Feed *Feed `inject:""`
},
) (fasterapi.Stream, error) {
	news, _ := in.Feed.After(0)
	if len(news) == 0 {
		return fasterapi.Stream{}, problem.NotFound("there are no news")
	}
	return fasterapi.Stream{ContentType: "text/csv", Write: func(w *fasterapi.StreamWriter) error {
		for i, piece := range news {
			if _, err := w.WriteString(strconv.Itoa(i+1) + "," + strconv.Quote(piece.Text) + "\n"); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// end snippet
