package openapitest_test

import (
	"strings"
	"testing"

	"chaosctl/test/openapitest"
)

// description is a document of two paths.
const description = `{
	"openapi": "3.1.0",
	"paths": {
		"/things/{id}": {
			"get": {"responses": {
				"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
				"404": {"description": "", "content": {
					"application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
					"text/plain; charset=utf-8": {"schema": {"type": "string"}}
				}}
			}},
			"delete": {"responses": {"204": {"description": ""}}}
		},
		"/things/all": {"get": {"responses": {
			"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}
		}}}
	},
	"components": {"schemas": {
		"Error": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]},
		"Thing": {"type": "object", "properties": {
			"id": {"type": "string"}, "size": {"type": ["integer", "null"]}, "more": {"type": "object", "additionalProperties": {}}
		}, "required": ["id"]}
	}}
}`

func TestCheck(t *testing.T) {
	t.Parallel()
	checker, err := openapitest.New([]byte(description))
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Schemas(); err != nil {
		t.Fatal(err)
	}
	const object = "application/json"
	for name, test := range map[string]struct {
		answer openapitest.Answer
		want   string // part of the error; empty: none
	}{
		"as described":             {openapitest.Answer{Method: "GET", Path: "/things/7?x=1", Status: 200, ContentType: object, Body: []byte(`{"id":"7","size":null,"more":{"x":1}}`)}, ""},
		"a charset of JSON":        {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, ContentType: object + "; charset=latin1", Body: []byte(`{"id":"7"}`)}, "content type"},
		"the other content type":   {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 404, ContentType: "text/plain; charset=UTF-8", Body: []byte("nope")}, "content type"},
		"a text":                   {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 404, ContentType: "text/plain;charset=utf-8", Body: []byte("nope")}, ""},
		"the path with a word":     {openapitest.Answer{Method: "GET", Path: "/things/all", Status: 200, ContentType: object, Body: []byte(`[{"id":"7"}]`)}, ""},
		"no body":                  {openapitest.Answer{Method: "DELETE", Path: "/things/7", Status: 204}, ""},
		"a body too many":          {openapitest.Answer{Method: "DELETE", Path: "/things/7", Status: 204, Body: []byte("x")}, "with a body"},
		"the head of it":           {openapitest.Answer{Method: "HEAD", Path: "/things/7", Status: 200, ContentType: object}, ""},
		"another status":           {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 500, ContentType: object, Body: []byte(`{}`)}, "does not have this status"},
		"a key is missing":         {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, ContentType: object, Body: []byte(`{}`)}, "not as described"},
		"a key too many":           {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, ContentType: object, Body: []byte(`{"id":"7","color":"red"}`)}, "not as described"},
		"another type":             {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, ContentType: object, Body: []byte(`{"id":"7","size":1.5}`)}, "not as described"},
		"no JSON":                  {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, ContentType: object, Body: []byte(`{"id":`)}, "no JSON"},
		"no content type":          {openapitest.Answer{Method: "GET", Path: "/things/7", Status: 200, Body: []byte(`{"id":"7"}`)}, "content type"},
		"another method":           {openapitest.Answer{Method: "PUT", Path: "/things/7", Status: 405}, ""},
		"another method that does": {openapitest.Answer{Method: "PUT", Path: "/things/7", Status: 200}, "not 405"},
		"another path":             {openapitest.Answer{Method: "GET", Path: "/things/7/8", Status: 404}, ""},
		"another path that is":     {openapitest.Answer{Method: "GET", Path: "/things/", Status: 200}, "not 404"},
		"another path, no key":     {openapitest.Answer{Method: "GET", Path: "/", Status: 401, ContentType: object, Body: []byte(`{"error":"no"}`)}, ""},
		"options":                  {openapitest.Answer{Method: "OPTIONS", Path: "/", Status: 200}, ""},
		"options with a body":      {openapitest.Answer{Method: "OPTIONS", Path: "/", Status: 200, Body: []byte("x")}, "with a body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checker.Check(test.answer)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestDocumentsThatAreNone(t *testing.T) {
	t.Parallel()
	if _, err := openapitest.New([]byte(`{"paths":`)); err == nil {
		t.Error("half a document passes")
	}
	for _, fault := range [][2]string{
		{`"type": "string"`, `"type": "word"`},
		{"#/components/schemas/Error", "#/components/schemas/Gone"},
	} {
		checker, err := openapitest.New([]byte(strings.Replace(description, fault[0], fault[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if checker.Schemas() == nil {
			t.Errorf("%q passes", fault[1])
		}
	}
}
