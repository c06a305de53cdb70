package openapi

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"maps"
	"slices"
	"strings"
)

// Version30 is what the documents of JSON30 and YAML30 say they are written in.
const Version30 = "3.0.3"

// OpenAPI 3.0 has schemas of its own (schema30.go), no webhooks, no summary of the service,
// no mutual TLS and no license by identifier. What it has no words for becomes an
// extension, or is left out where that only says less: names of members (propertyNames),
// the content of a text (contentSchema), items of streams.

// JSON30 returns the document as OpenAPI 3.0.3, indented by two spaces: for tools that do
// not know 3.1. It accepts what the document accepts, or more where 3.0 has no words.
// The document itself stays as it is.
func (d *Document) JSON30() ([]byte, error) {
	return json.Marshal(d.to30(), json.Deterministic(true), jsontext.WithIndent("  "), d.marshalers30())
}

// YAML30 returns what [Document.JSON30] returns as YAML 1.2 in block style.
func (d *Document) YAML30() ([]byte, error) {
	text, err := json.Marshal(d.to30(), json.Deterministic(true), d.marshalers30())
	if err != nil {
		return nil, err
	}
	return toYAML(text)
}

// to30 is d with what stands at its top as in 3.0.
func (d *Document) to30() *Document {
	old := *d
	old.OpenAPI, old.Webhooks, old.Extensions = Version30, nil, maps.Clone(d.Extensions)
	if len(d.Webhooks) > 0 {
		old.Extensions = with(old.Extensions, "x-webhooks", d.Webhooks)
	}
	old.Info.Summary = ""
	old.Info.Description = strings.TrimSpace(d.Info.Summary + "\n\n" + d.Info.Description)
	if l := d.Info.License; l != nil && l.Identifier != "" {
		license := License{Name: l.Name, URL: l.URL}
		if license.URL == "" {
			license.URL = "https://spdx.org/licenses/" + l.Identifier + ".html"
		}
		old.Info.License = &license
	}
	old.Components.SecuritySchemes = nil
	var mutual []string
	for _, scheme := range d.Components.SecuritySchemes {
		if scheme.Value.Type == mutualTLS {
			mutual = append(mutual, scheme.Name)
			continue
		}
		old.Components.SecuritySchemes = append(old.Components.SecuritySchemes, scheme)
	}
	if mutual != nil {
		old.Extensions = with(old.Extensions, "x-mutualTLS", mutual)
	}
	return &old
}

func with(extensions map[string]any, name string, value any) map[string]any {
	if extensions == nil {
		extensions = map[string]any{}
	}
	extensions[name] = value
	return extensions
}

// mutualTLS is the type of security scheme that 3.0 does not have.
const mutualTLS = "mutualTLS"

// marshalers30 write the parts of d as in 3.0, wherever they stand, also in extensions.
func (d *Document) marshalers30() json.Options {
	type (
		pathItem  PathItem
		operation Operation
		mediaType MediaType
	)
	return json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, s *Schema) error { return json.MarshalEncode(enc, s.to30()) }),
		json.MarshalToFunc(func(enc *jsontext.Encoder, p *PathItem) error {
			item := pathItem(*p)
			if item.Query != nil {
				item.Query, item.XQuery = nil, item.Query
			}
			return json.MarshalEncode(enc, &item)
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, o *Operation) error {
			op := operation(*o)
			if len(op.Responses) == 0 { // 3.0 asks for one
				op.Responses = Map[*Response]{{Name: "default", Value: &Response{Description: "Any response"}}}
			}
			d.security30(&op.Security, &op.Extensions)
			return json.MarshalEncode(enc, &op)
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, m *MediaType) error {
			media := mediaType(*m)
			media.ItemSchema = nil
			return json.MarshalEncode(enc, &media)
		}),
	))
}

// security30 makes the alternatives of an operation those of 3.0, where schemes other than
// OAuth and OpenID Connect have no scopes. Alternatives with mutual TLS become the extension
// x-security: without that scheme they would ask for less.
func (d *Document) security30(security *[]map[string][]string, extensions *map[string]any) {
	if *security == nil {
		return
	}
	var kept, left []map[string][]string
	for _, need := range *security {
		old, all := map[string][]string{}, true
		for name, scopes := range need {
			scheme := d.Components.SecuritySchemes.Get(name)
			all = all && (scheme == nil || scheme.Type != mutualTLS)
			if scheme != nil && scheme.Type != "oauth2" && scheme.Type != "openIdConnect" {
				scopes = []string{}
			}
			old[name] = scopes
		}
		if all {
			kept = append(kept, old)
		} else {
			left = append(left, need)
		}
	}
	if *security = kept; len(left) == 0 {
		*security = slices.Clip(append([]map[string][]string{}, kept...)) // an empty list says that none is needed
		return
	}
	*extensions = with(maps.Clone(*extensions), "x-security", left)
}
