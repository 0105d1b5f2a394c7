package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

// QuantityRow is what apimachinery reads of a text, in the form of the recorded rows.
type QuantityRow struct {
	In        string         `json:"in"`
	Error     string         `json:"error,omitempty"`
	Canonical string         `json:"canonical,omitempty"`
	Format    string         `json:"format,omitempty"`
	Milli     *int64         `json:"milliValue,omitempty"`
	Sign      *int           `json:"sign,omitempty"`
	RoundUp   string         `json:"roundUpMilli,omitempty"`
	Int64     *int64         `json:"int64,omitempty"`
	Less      map[string]int `json:"compare,omitempty"`
}

// quantities makes texts that are quantities, or nearly.
func quantities(seed int64, count int, emit func(any)) {
	r := rand.New(rand.NewSource(seed))
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	digits := func(most int) string {
		var b strings.Builder
		for i := r.Intn(most + 1); i > 0; i-- {
			b.WriteString(pick("0", "0", "0", "1", "2", "5", "9", fmt.Sprint(r.Intn(10))))
		}
		return b.String()
	}
	for i := 0; i < count; i++ {
		most := []int{2, 4, 9, 20, 40}[r.Intn(5)]
		text := pick("", "", "", "-", "+") + digits(most)
		if r.Intn(3) == 0 {
			text += "." + digits(most)
		}
		text += pick("", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e", "E3", "e-3", "e+10", "e-12", "E18", "e21", "e100", "i", "K", "kB", "e3k", " ", "x", ".")
		row := QuantityRow{In: text}
		q, err := resource.ParseQuantity(text)
		if err != nil {
			row.Error = err.Error()
			emit(row)
			continue
		}
		milli, sign := q.MilliValue(), q.Sign()
		row.Milli, row.Sign, row.Format = &milli, &sign, string(q.Format)
		if value, ok := q.AsInt64(); ok {
			row.Int64 = &value
		}
		row.Canonical = q.String()
		up := q.DeepCopy()
		up.RoundUp(resource.Milli)
		row.RoundUp = up.String()
		row.Less = map[string]int{}
		for _, other := range []string{"0", "1", "-1", "1k", "1Gi", "1m", "1e30"} {
			row.Less[other] = q.Cmp(resource.MustParse(other))
		}
		emit(row)
	}
}

// SchemaRow is a value of a custom resource with what the server makes of it by its schema.
type SchemaRow struct {
	Schema    any `json:"schema"`
	Object    any `json:"object"`
	Defaulted any `json:"defaulted"`
}

// schemas makes structural schemas and values that fit them more or less.
func schemas(seed int64, count int, emit func(any)) {
	for i := 0; i < count; i++ {
		m := maker{Rand: rand.New(rand.NewSource(seed*1_000_003 + int64(i)))}
		schema := m.schema(0)
		var v1 apiextensionsv1.JSONSchemaProps
		bytes, err := json.Marshal(schema)
		fail(err)
		fail(json.Unmarshal(bytes, &v1))
		var internal apiextensions.JSONSchemaProps
		fail(apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&v1, &internal, nil))
		s, err := structural.NewStructural(&internal)
		if err != nil {
			continue
		}
		value, ok := m.json(schema, 0).(map[string]any)
		if !ok {
			continue
		}
		defaulted := runtime.DeepCopyJSON(value)
		defaulting.Default(defaulted, s)
		defaulting.PruneNonNullableNullsWithoutDefaults(defaulted, s)
		emit(SchemaRow{schema, value, defaulted})
	}
}

func (m *maker) schema(depth int) map[string]any {
	kind := m.pick("object", "object", "array", "string", "integer").(string)
	if depth == 0 {
		kind = "object"
	}
	if depth > 3 && (kind == "object" || kind == "array") {
		kind = "string"
	}
	out := map[string]any{"type": kind}
	switch kind {
	case "object":
		if m.Intn(4) == 0 {
			out["additionalProperties"] = m.schema(depth + 1)
			break
		}
		properties := map[string]any{}
		for _, name := range []string{"a", "b", "c", "d"} {
			if m.Intn(3) > 0 {
				properties[name] = m.schema(depth + 1)
			}
		}
		out["properties"] = properties
	case "array":
		out["items"] = m.schema(depth + 1)
	}
	if m.Intn(5) == 0 {
		out["nullable"] = true
	}
	if depth > 0 && m.Intn(3) == 0 {
		out["default"] = m.json(out, depth+1)
	}
	return out
}

func (m *maker) json(schema map[string]any, depth int) any {
	if depth > 0 && m.Intn(6) == 0 {
		return nil
	}
	switch schema["type"] {
	case "object":
		out := map[string]any{}
		if properties, ok := schema["properties"].(map[string]any); ok {
			for _, name := range []string{"a", "b", "c", "d"} {
				if property, ok := properties[name].(map[string]any); ok && m.Intn(2) == 0 {
					out[name] = m.json(property, depth+1)
				}
			}
		}
		if inner, ok := schema["additionalProperties"].(map[string]any); ok {
			for _, name := range []string{"x", "y"} {
				if m.Intn(2) == 0 {
					out[name] = m.json(inner, depth+1)
				}
			}
		}
		return out
	case "array":
		list := []any{}
		for i := m.Intn(3); i > 0; i-- {
			list = append(list, m.json(schema["items"].(map[string]any), depth+1))
		}
		return list
	case "integer":
		return int64(m.Intn(5))
	}
	return m.pick("", "x", "y")
}
