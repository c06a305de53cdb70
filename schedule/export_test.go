package schedule

// Stopping is closed when Stop was called: no run begins any more.
func (s *Schedule) Stopping() <-chan struct{} { return s.quit }
