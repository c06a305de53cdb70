//go:build !linux

package poll

// Pinnable tells whether PinThread works here.
const Pinnable = false

// PinThread refuses: [ErrUnsupported].
func PinThread(int) error { return ErrUnsupported }
