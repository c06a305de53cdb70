package admin

import (
	"regexp"
	"strings"

	"github.com/fasterapi/fasterapi/secret"
)

// A text that has no type of package secret may hold a password all the same: that of an address, as drivers and
// clients take it, or an error that repeats one. These are their forms, with what is left of them:
//
//	postgres://ann:hunter2@db/shop                  postgres://ann:***@db/shop
//	nats://a:hunter2@one:4222,nats://b:x@two:4222   nats://a:***@two:4222
//	postgres:///shop?password=hunter2&user=ann      postgres:///shop?password=***
//	host=db password='hunter 2' user=ann            host=db password=*** user=ann
//	ann:hunter2@tcp(db:3306)/shop                   ann:***@tcp(db:3306)/shop
//
// Nobody knows where a password ends that has not been escaped, so more than that is hidden rather than less.
var (
	// word is what stands between spaces.
	word = regexp.MustCompile(`\S+`)
	// passwordField is a parameter of a URL, of libpq (https://www.postgresql.org/docs/current/libpq-connect.html), or of ODBC.
	passwordField = regexp.MustCompile(`(?i)((?:password|passwd|pwd)\s*=\s*)('(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|\{[^}]*\}?|\S+)`)
	// bareUser is a user with a password in front of an address without a scheme (https://github.com/go-sql-driver/mysql#dsn-data-source-name).
	bareUser = regexp.MustCompile(`(^|[\s"'(=,;])([^\s:/@"'()=,;]+):([^\s/]\S*)@`)
)

// withoutPasswords is text without the passwords that addresses in it have.
func withoutPasswords(text string) string {
	if !strings.ContainsAny(text, "@=") {
		return text
	}
	text = passwordField.ReplaceAllString(text, "${1}"+secret.Hidden)
	text = word.ReplaceAllStringFunc(text, withoutUserPassword)
	return bareUser.ReplaceAllString(text, "${1}${2}:"+secret.Hidden+"@")
}

// withoutUserPassword is a word without the password of a user in a URL.
func withoutUserPassword(url string) string {
	_, rest, found := strings.Cut(url, "://")
	colon, at := strings.IndexByte(rest, ':'), strings.LastIndexByte(rest, '@')
	if !found || colon < 0 || at < colon {
		return url
	}
	return url[:len(url)-len(rest)+colon+1] + secret.Hidden + rest[at:]
}
