package broadcast

// Stats are the counts of a topic since New.
//
// Owner: any (a plain value).
type Stats struct {
	// Name is that of the topic.
	Name string
	// Published is how many messages this instance has published for all, LocalOnly how many for itself only.
	Published, LocalOnly uint64
	// Received is how many messages have come from the Link, those of this instance included.
	Received uint64
	// Delivered is how many messages were handed to subscribers here: one that ten of them got counts ten times, one that
	// Subscription.Where has refused does not count.
	Delivered uint64
	// Gaps is how many gaps were marked for all subscribers, Overtaken how often one was too slow, and Dropped how many messages those
	// have missed, a gap among them counted as one, whether Where would have taken them or not.
	Gaps, Overtaken, Dropped uint64
	// Subscribers is how many there are now.
	Subscribers int
	// Connected: the Link is heard and read. True without a Link; with one it is false until somebody publishes or subscribes. While
	// it can be read only, messages come with Config.Check.
	Connected bool
	// Losses is how often the Link was not heard any more, or could not be heard to begin with; Reconnects how often it was heard after that.
	Losses, Reconnects uint64
}

// Reporter is a topic of any type, as metrics see it.
type Reporter interface {
	Name() string
	Stats() Stats
}

// Stats returns the counts.
func (t *Topic[T]) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Name, s.Delivered = t.name, t.delivered.Load()
	s.Connected = t.started && !t.away
	return s
}
