package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Description is what a release's kinds are made of.
type Description struct {
	Minor string             `json:"minor"`
	Kinds map[string]string  `json:"kinds"`
	Types map[string][]Field `json:"types"`
}

// Field is one field of a type, as JSON names it.
type Field struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Omit    string `json:"omit,omitempty"`
	Default string `json:"default,omitempty"`
}

// Types with a JSON form of their own.
var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):                            "quantity",
	reflect.TypeOf(metav1.Duration{}):                              "duration",
	reflect.TypeOf(metav1.Time{}):                                  "time",
	reflect.TypeOf(metav1.MicroTime{}):                             "microtime",
	reflect.TypeOf(intstr.IntOrString{}):                           "intorstring",
	reflect.TypeOf(runtime.RawExtension{}):                         "any",
	reflect.TypeOf(metav1.FieldsV1{}):                              "any",
	reflect.TypeOf(apiextensionsv1.JSON{}):                         "any",
	reflect.TypeOf([]byte{}):                                       "bytes",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrArray{}):       "schemaorlist",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrBool{}):        "schemaorbool",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrStringArray{}): "schemaorlist",
}

func describe() Description {
	out := Description{Minor: minor, Kinds: map[string]string{}, Types: map[string][]Field{}}
	for gvk, t := range kinds() {
		out.Kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = out.name(t)
	}
	return out
}

func short(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/") + "." + t.Name()
}

// name is how a type is written: a scalar's name, `*T`, `[]T`, `{}T`, or a struct's name.
func (d Description) name(t reflect.Type) string {
	if name, ok := special[t]; ok {
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + d.name(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + d.name(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			fail(fmt.Errorf("map of %s", t.Key()))
		}
		if short(t) == "core/v1.ResourceList" {
			return "resources"
		}
		return "{}" + d.name(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Int16, reflect.Int8:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Struct:
		name := short(t)
		if _, ok := d.Types[name]; !ok {
			if _, ok := reflect.New(t).Interface().(json.Marshaler); ok && !strings.HasPrefix(t.Name(), "JSONSchemaProps") {
				fmt.Fprintln(os.Stderr, "a JSON form of its own:", t)
			}
			d.Types[name] = nil
			d.Types[name] = d.fields(t)
		}
		return name
	}
	fail(fmt.Errorf("no name for %s", t))
	return ""
}

func (d Description) fields(t reflect.Type) []Field {
	fields := []Field{}
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			if !field.Anonymous {
				fail(fmt.Errorf("%s.%s has no JSON name", t, field.Name))
			}
			fields = append(fields, d.fields(field.Type)...)
			continue
		}
		one := Field{Name: name, Type: d.name(field.Type), Default: markers[short(t)+"."+name]}
		for _, option := range strings.Split(options, ",") {
			switch option {
			case "omitempty":
				one.Omit += "e"
			case "omitzero":
				one.Omit += "z"
			}
		}
		fields = append(fields, one)
	}
	return fields
}
