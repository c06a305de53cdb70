package frame

import "encoding/binary"

// SettingID names a setting.
type SettingID uint16

// The settings of RFC 9113 6.5.2, 8441 3 and 9218 2.1.
const (
	HeaderTableSize       SettingID = 0x1
	EnablePush            SettingID = 0x2
	MaxConcurrentStreams  SettingID = 0x3
	InitialWindowSize     SettingID = 0x4
	MaxFrameSize          SettingID = 0x5
	MaxHeaderListSize     SettingID = 0x6
	EnableConnectProtocol SettingID = 0x8
	NoOldPriorities       SettingID = 0x9
)

// What holds until a setting says otherwise, in bytes.
const (
	DefaultWindow    = 65535
	DefaultMaxFrame  = 16 << 10
	DefaultTableSize = 4 << 10
	// MaxWindow is the most that a window may be.
	MaxWindow = 1<<31 - 1
)

// Setting is one line of a Settings frame.
//
// Owner: any (a value).
type Setting struct {
	ID    SettingID
	Value uint32
}

// settingSize is the size of a Setting in a frame.
const settingSize = 6

// SettingAt reads the i-th setting of a payload whose length is a multiple of six bytes.
func SettingAt(payload []byte, i int) Setting {
	b := payload[i*settingSize:]
	return Setting{SettingID(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint32(b[2:])}
}

// Check tells what is wrong with a value, as RFC 9113 6.5.2 has it.
func (s Setting) Check() error {
	switch {
	case (s.ID == EnablePush || s.ID == EnableConnectProtocol || s.ID == NoOldPriorities) && s.Value > 1:
		return errFlag
	case s.ID == InitialWindowSize && s.Value > MaxWindow:
		return errWindowSetting
	case s.ID == MaxFrameSize && (s.Value < DefaultMaxFrame || s.Value > 1<<24-1):
		return errFrameSetting
	}
	return nil
}

// AppendSettings appends a Settings frame.
func AppendSettings(b []byte, settings ...Setting) []byte {
	b = AppendHeader(b, Header{Length: settingSize * len(settings), Type: Settings})
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Value)
	}
	return b
}

// AppendSettingsAck appends the answer to a Settings frame.
func AppendSettingsAck(b []byte) []byte {
	return AppendHeader(b, Header{Type: Settings, Flags: Ack})
}
