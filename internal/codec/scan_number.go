package codec

// number is the literal at pos, taken apart.
type number struct {
	start, end int
	mantissa   uint64 // the digits without point and exponent
	exponent   int    // of ten; what the mantissa is multiplied with
	negative   bool
	whole      bool // no point, no exponent
	exact      bool // mantissa and exponent hold all of it
}

// maxDigits is how many digits always fit in a uint64.
const maxDigits = 19

// number reads the number at pos.
func (s *scanner) number() (n number, ok bool) {
	data, at := s.data, s.pos
	n.start, n.whole, n.exact = at, true, true
	if at < len(data) && data[at] == '-' {
		n.negative = true
		at++
	}
	first := at
	for at < len(data) && data[at]-'0' <= 9 {
		n.mantissa = n.mantissa*10 + uint64(data[at]-'0')
		at++
	}
	digits := at - first
	if digits == 0 || digits > 1 && data[first] == '0' {
		s.pos = at
		return n, s.unexpected("a number")
	}
	if at < len(data) && data[at] == '.' {
		point := at + 1
		for at = point; at < len(data) && data[at]-'0' <= 9; at++ {
			n.mantissa = n.mantissa*10 + uint64(data[at]-'0')
		}
		if at == point {
			s.pos = at
			return n, s.unexpected("a digit")
		}
		n.whole = false
		n.exponent = point - at
		digits += at - point
	}
	n.exact = digits <= maxDigits
	if at < len(data) && data[at]|0x20 == 'e' {
		if at = n.power(data, at+1); at < 0 {
			s.pos = len(data)
			return n, s.fail("an exponent has no digits")
		}
	}
	n.end, s.pos = at, at
	return n, true
}

// integer reads a whole number of up to 18 digits: nearly every one. It
// returns false, and stays where it is, for all others.
func (s *scanner) integer() (v int64, ok bool) {
	data, at := s.data, s.pos
	negative := at < len(data) && data[at] == '-'
	if negative {
		at++
	}
	first := at
	for at < len(data) && data[at]-'0' <= 9 {
		v = v*10 + int64(data[at]-'0')
		at++
	}
	digits := at - first
	if digits == 0 || digits > 18 || digits > 1 && data[first] == '0' || at == len(data) {
		return 0, false
	}
	if c := data[at]; c == '.' || c|0x20 == 'e' {
		return 0, false
	}
	s.pos = at
	if negative {
		return -v, true
	}
	return v, true
}

// power reads the digits of an exponent; -1 when there are none.
func (n *number) power(data []byte, at int) int {
	n.whole = false
	negative := false
	if at < len(data) && (data[at] == '+' || data[at] == '-') {
		negative = data[at] == '-'
		at++
	}
	first, e := at, 0
	for at < len(data) && data[at]-'0' <= 9 {
		if e < 10_000 { // beyond that it is out of range either way
			e = e*10 + int(data[at]-'0')
		}
		at++
	}
	if at == first {
		return -1
	}
	if negative {
		e = -e
	}
	n.exponent += e
	return at
}
