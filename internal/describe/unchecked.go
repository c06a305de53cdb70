package describe

import (
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/openapi"
)

// Unchecked names what of use nothing checks, `the scheme "session"` or `the scope "write" of …`, where the
// checks are those of a route; "" when all of it is. A scheme that use.CheckedBy somebody else is checked.
func Unchecked(use *openapi.SecurityUse, checks []openapi.SecurityUse) string {
	if use.CheckedBy != "" {
		return ""
	}
	names := map[string]bool{use.Name: true}
	for i := range use.Or {
		names[use.Or[i].Name] = true
	}
	checked, scopes := false, map[string]bool{}
	for _, by := range checks {
		if by.Optional { // who has no credentials is let in
			continue
		}
		for _, one := range append([]openapi.SecurityUse{by}, by.Or...) {
			if names[one.Name] {
				checked = true
				for _, scope := range one.Scopes {
					scopes[scope] = true
				}
			}
		}
	}
	if !checked {
		return "the scheme " + strconv.Quote(use.Name)
	}
	var missing []string
	for _, scope := range use.Scopes {
		if !scopes[scope] {
			missing = append(missing, strconv.Quote(scope))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "the scope " + strings.Join(missing, ", ") + " of the scheme " + strconv.Quote(use.Name)
}
