package openapi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"chaosctl/server/internal/openapi"
	"chaosctl/test/openapitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// official compiles the OpenAPI Initiative's own schema of documents.
func official(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "oas-3.1.json"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("oas-3.1.json", tree); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("oas-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valid returns what the official schema finds wrong with a document.
func valid(t *testing.T, d openapi.Document) error {
	t.Helper()
	text, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return official(t).Validate(tree)
}

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	if err := valid(t, openapi.New()); err != nil {
		t.Errorf("%#v", err)
	}
	broken := openapi.New()
	broken.Paths["/api/v1/stats"]["get"].Parameters = []*openapi.Parameter{{Name: "x", In: "body", Schema: &openapi.Schema{}}}
	if valid(t, broken) == nil {
		t.Error("a parameter in the body passes")
	}
	broken = openapi.New()
	broken.OpenAPI = "3.0.3"
	if valid(t, broken) == nil {
		t.Error("version 3.0.3 passes")
	}
}

func TestSchemasAreJSONSchema(t *testing.T) {
	t.Parallel()
	text, err := openapi.New().JSON()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := openapitest.New(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Schemas(); err != nil {
		t.Error(err)
	}
}

// TestOperationsAreWhole looks at what no schema of documents can see.
func TestOperationsAreWhole(t *testing.T) {
	t.Parallel()
	d := openapi.New()
	ids := map[string]string{}
	parameter := regexp.MustCompile(`\{(\w+)\}`)
	for _, op := range d.Operations() {
		where := op.Method + " " + op.Path
		if other, taken := ids[op.OperationID]; taken {
			t.Errorf("%s and %s are both %s", where, other, op.OperationID)
		}
		ids[op.OperationID] = where
		var inPath []string
		for _, m := range parameter.FindAllStringSubmatch(op.Path, -1) {
			inPath = append(inPath, m[1])
		}
		var declared, names []string
		for _, p := range op.Parameters {
			if names = append(names, p.In+" "+p.Name); p.In == "path" {
				declared = append(declared, p.Name)
			}
		}
		if diff := cmp.Diff(inPath, declared); diff != "" {
			t.Errorf("%s: parameters of the path (-path +declared):\n%s", where, diff)
		}
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s has a parameter twice: %q", where, names)
		}
		for status, r := range op.Responses {
			if r.Description == "" {
				t.Errorf("%s %s has no description", where, status)
			}
		}
		if op.Summary == "" {
			t.Errorf("%s has no summary", where)
		}
		if !slices.ContainsFunc(d.Tags, func(tag openapi.Tag) bool { return slices.Equal(op.Tags, []string{tag.Name}) }) {
			t.Errorf("%s has tags %q", where, op.Tags)
		}
		secured := op.Security == nil
		if want := op.Path != "/api/v1/health"; secured != want {
			t.Errorf("%s needs a key: %v, want %v", where, secured, want)
		}
	}
}
