// Package long has limits of 60 lines, 8 in a function, 2 parameters and 1 result.
package long

func data() []int {
	return []int{
		1,
		2,
		3,
		4,
		5,
		6,
		7,
	}
}

func flat(n int) string {
	switch n {
	case 1:
		return "one"
	case 2:
		return "two"
	case 3:
		return "three"
	}
	return ""
}

func code(n int) int {
	n++
	n--
	n++
	n--
	n++
	n--
	return n
}

func table() []func() {
	return []func(){
		func() {
			_ = 1
			_ = 2
			_ = 3
			_ = 4
		},
	}
}

func many(a, b int, c string) {}

func returns() (int, error) { return 0, nil }

type receiver int

func (r receiver) two(a, b int) {}
