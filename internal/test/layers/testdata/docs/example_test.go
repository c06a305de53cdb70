package docs

func TestAdd() { twice() }

func twice() { add(1, 2) }

func Example() {
	shown()
	// Output: x
}

func Example_compiled() {
	compiledOnly()
}

var _ = idle
