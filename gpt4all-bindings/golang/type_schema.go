package gpt4all

import (
	"encoding"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

func schemaOf[T any]() (*jsonschema.Schema, error) { return describe[T](nil) }

// limits is the schemas of the numbers that no schema limits otherwise: as near to the type's limits as a float64 comes.
// Not for tools, whose descriptions the model reads.
var limits = map[reflect.Kind]*jsonschema.Schema{
	reflect.Int:     between("integer", -below(-math.MinInt), below(-math.MinInt)),
	reflect.Int64:   between("integer", -below(-math.MinInt64), below(-math.MinInt64)),
	reflect.Uint:    between("integer", 0, below(-2*math.MinInt)),
	reflect.Uint64:  between("integer", 0, below(-2*math.MinInt64)),
	reflect.Float32: between("number", -below(math.MaxFloat32), below(math.MaxFloat32)),
}

func below(limit float64) float64 { return math.Trunc(math.Nextafter(limit, 0)) }

func between(kind string, least, greatest float64) *jsonschema.Schema {
	return &jsonschema.Schema{Type: kind, Minimum: &least, Maximum: &greatest}
}

// known is the types whose JSON is not what jsonschema makes of them.
var known = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
	reflect.TypeFor[json.RawMessage](): {},
	reflect.TypeFor[json.Number]():     {Type: "number"},
	reflect.TypeFor[big.Int]():         {Type: "integer"},
}

// describe is the schema of a type, in which types of some kinds have others than usual.
func describe[T any](kinds map[reflect.Kind]*jsonschema.Schema) (*jsonschema.Schema, error) {
	whole := reflect.TypeFor[T]()
	cannot := func(why any) *Error {
		return newError(ErrInvalidArgument, "%v cannot be described by a JSON Schema: %v", whole, why)
	}
	described := describing{kinds: kinds, own: map[reflect.Type]*jsonschema.Schema{}, seen: map[reflect.Type]bool{}}
	if why := described.look(whole); why != "" {
		return nil, cannot(why)
	}
	schema, err := jsonschema.For[T](&jsonschema.ForOptions{TypeSchemas: described.own})
	if err != nil {
		return nil, cannot(err).from(err)
	}
	allowNull(schema)
	return schema, nil
}

// describing finds the types within a type that have schemas of their own, or are of one of the kinds.
type describing struct {
	kinds map[reflect.Kind]*jsonschema.Schema
	own   map[reflect.Type]*jsonschema.Schema
	seen  map[reflect.Type]bool
}

// look is why a type cannot be described, where jsonschema would describe another one; empty if it can.
func (d *describing) look(within reflect.Type) string {
	if d.seen[within] {
		return ""
	}
	d.seen[within] = true
	if schema := d.schemaOf(within); schema != nil {
		d.own[within] = schema
		return ""
	}
	switch within.Kind() {
	case reflect.Interface:
		if within.NumMethod() > 0 {
			return "nothing can be read into the interface " + within.String()
		}
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return d.look(within.Elem())
	case reflect.Struct:
		for index := range within.NumField() {
			if why := d.lookAt(within.Field(index)); why != "" {
				return why
			}
		}
	}
	return ""
}

func (d *describing) schemaOf(within reflect.Type) *jsonschema.Schema {
	if within.Kind() == reflect.Pointer || within.Kind() == reflect.Interface {
		return nil
	}
	value := reflect.New(within).Interface()
	if owner, ok := value.(SchemaOwner); ok {
		return owner.JSONSchema()
	}
	if schema := known[within]; schema != nil {
		return schema
	}
	if _, ok := value.(json.Unmarshaler); ok {
		return d.kinds[within.Kind()]
	}
	if _, ok := value.(encoding.TextUnmarshaler); ok {
		return &jsonschema.Schema{Type: "string"}
	}
	return d.kinds[within.Kind()]
}

func (d *describing) lookAt(field reflect.StructField) string {
	if !field.IsExported() && !field.Anonymous {
		return ""
	}
	tag := field.Tag.Get("json")
	name, options, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-":
		return ""
	case slices.Contains(strings.Split(options, ","), "string"):
		return "the field " + field.Name + " has the option \"string\""
	case field.Anonymous && name != "":
		return "the embedded " + field.Name + " has a name in JSON; make it a field with a name"
	}
	return d.look(field.Type)
}

// allowNull makes null possible for pointers to types whose schemas say which values they have, but not their type.
func allowNull(schema *jsonschema.Schema) {
	for _, each := range schema.Properties {
		allowNull(each)
	}
	for _, each := range []*jsonschema.Schema{schema.Items, schema.AdditionalProperties} {
		if each != nil {
			allowNull(each)
		}
	}
	if !slices.Contains(schema.Types, "null") {
		return
	}
	if schema.Enum != nil && !slices.Contains(schema.Enum, nil) {
		schema.Enum = append(slices.Clip(schema.Enum), nil)
	}
	if len(schema.Types) == 1 { // to which jsonschema has added no other type, as it knew of none
		schema.Types = nil
		if text, err := json.Marshal(schema); schema.Enum == nil && err == nil && string(text) != "true" {
			plain := *schema
			*schema = jsonschema.Schema{Description: plain.Description, AnyOf: []*jsonschema.Schema{&plain, {Type: "null"}}}
			plain.Description = ""
		}
	}
}
