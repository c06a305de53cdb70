package openapi

// SecurityScheme describes how clients show who they are.
type SecurityScheme struct {
	Type             string      `json:"type"` // apiKey, http, mutualTLS, oauth2 or openIdConnect
	Description      string      `json:"description,omitempty"`
	Name             string      `json:"name,omitempty"`             // of the header field, query or cookie, for apiKey
	In               string      `json:"in,omitempty"`               // query, header or cookie, for apiKey
	Scheme           string      `json:"scheme,omitempty"`           // basic, bearer and so on, for http
	BearerFormat     string      `json:"bearerFormat,omitempty"`     // such as JWT, for bearer
	Flows            *OAuthFlows `json:"flows,omitempty"`            // for oauth2
	OpenIDConnectURL string      `json:"openIdConnectUrl,omitempty"` // for openIdConnect
}

// OAuthFlows are the ways to a token.
type OAuthFlows struct {
	Implicit          *OAuthFlow `json:"implicit,omitempty"`
	Password          *OAuthFlow `json:"password,omitempty"`
	ClientCredentials *OAuthFlow `json:"clientCredentials,omitempty"`
	AuthorizationCode *OAuthFlow `json:"authorizationCode,omitempty"`
}

// OAuthFlow is one way to a token.
type OAuthFlow struct {
	AuthorizationURL string            `json:"authorizationUrl,omitempty"`
	TokenURL         string            `json:"tokenUrl,omitempty"`
	RefreshURL       string            `json:"refreshUrl,omitempty"`
	Scopes           map[string]string `json:"scopes"` // name to description
}

// SecurityUse is the need of one scheme.
type SecurityUse struct {
	Name   string // of the scheme in the document
	Scheme SecurityScheme
	Scopes []string // needed; of oauth2 and openIdConnect
	// Or are other schemes, each of which is as good as this one.
	Or []SecurityUse
	// Optional: requests without credentials are taken too, and wrong ones are refused. The document
	// offers both, and the route counts as open.
	Optional bool
	// CheckedBy names who checks that requests meet it, when nothing says so that the route has: a
	// gateway in front of the service, or the handler itself. An app does not start with a route
	// that is described as secured and that nobody checks.
	CheckedBy string
	// Mistake is what is wrong with the scheme. An app that uses it does not start, and says so.
	Mistake error
}

// Secured is implemented by what checks who a client is: the type of a
// provided value (the principal), or the input of a provider or of a function given to
// Depends. It is asked once, on a zero value. The routes that use it need all of the
// schemes it returns.
type Secured interface{ OpenAPISecurity() []SecurityUse }
