package async

// WhenAll returns the values of all futures, in their order. The first error
// fails it and cancels the rest. Without futures it is ready with an empty slice.
func WhenAll[T any](fs ...Future[T]) Future[[]T] {
	return gatherMany(&all[T]{values: make([]T, len(fs)), have: make([]bool, len(fs))}, fs)
}

// all is the rule of WhenAll.
//
// Owner: mu of its gather.
type all[T any] struct {
	values []T
	have   []bool
	err    error
}

func (a *all[T]) take(i int, src cell) bool {
	v, err := src.(*state[T]).outcome()
	return a.note(i, v, err)
}

func (a *all[T]) note(i int, v T, err error) bool {
	a.values[i], a.err = v, err
	a.have[i] = err == nil
	return err != nil
}

func (a *all[T]) result() ([]T, error) { return a.values, a.err }

func (a *all[T]) discardValues(on Scheduler) {
	for i, v := range a.values {
		if a.have[i] {
			discard(on, v)
		}
	}
}

// Result is the result of one future: a value or an error.
//
// Owner: any (a plain value).
type Result[T any] struct {
	Value T
	Err   error
}

// Settle waits for all futures, whether they fail or not, and returns their
// results in order. It does not fail, unless it is cancelled.
func Settle[T any](fs ...Future[T]) Future[[]Result[T]] {
	return gatherMany(&settling[T]{results: make([]Result[T], len(fs)), have: make([]bool, len(fs))}, fs)
}

// settling is the rule of Settle.
//
// Owner: mu of its gather.
type settling[T any] struct {
	results []Result[T]
	have    []bool
}

func (s *settling[T]) take(i int, src cell) bool {
	v, err := src.(*state[T]).outcome()
	return s.note(i, v, err)
}

func (s *settling[T]) note(i int, v T, err error) bool {
	s.results[i] = Result[T]{v, err}
	s.have[i] = err == nil
	return false
}

func (s *settling[T]) result() ([]Result[T], error) { return s.results, nil }

func (s *settling[T]) discardValues(on Scheduler) {
	for i, r := range s.results {
		if s.have[i] {
			discard(on, r.Value)
		}
	}
}
