package bind_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUploadNames: the name of an upload has no folders of any system, and is
// none itself.
func TestUploadNames(t *testing.T) {
	for sent, want := range map[string]string{
		`filename="me.png"`:                   "me.png",
		`filename="/etc/me.png"`:              "me.png",
		`filename="C:\home\me.png"`:           "me.png",
		`filename="..\..\me.png"`:             "me.png",
		`filename="a\b/c\me.png"`:             "me.png",
		`filename*=UTF-8''..%2F..%5Cme.png`:   "me.png",
		`filename*=UTF-8''..%5C..`:            "file",
		`filename=".."`:                       "file",
		`filename="/"`:                        "file",
		`filename="a\\"`:                      "file",
		`filename*=UTF-8''me%0D%0AX-Evil.png`: "meX-Evil.png",
		`filename*=UTF-8''%00`:                "file",
		`filename=".bashrc"`:                  ".bashrc",
	} {
		body := "--b o\r\nContent-Disposition: form-data; name=avatar; " + sent + "\r\nContent-Type: image/png\r\n\r\nx\r\n--b o--\r\n"
		in, prob, _ := receive(t, false, body, nil)
		require.Nil(t, prob, sent)
		require.Equal(t, want, in.Avatar.upload.Name, sent)
	}
}
