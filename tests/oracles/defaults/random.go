package main

import (
	"math/rand"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// random makes sparse objects of every kind: a subset of the fields of its types, some of them with
// their zero value or null, in any of the spellings that their types accept.
func random(seed int64, count int, emit func(map[string]any)) {
	kinds, order := kinds(), sortedKinds()
	for i := 0; i < count; i++ {
		r := rand.New(rand.NewSource(seed*1_000_003 + int64(i)))
		gvk := order[i/2%len(order)]
		if i%2 == 0 {
			gvk = common[i/2%len(common)]
		}
		maker := maker{Rand: r, fill: []float64{0.15, 0.3, 0.5, 0.8}[r.Intn(4)], left: 20 + r.Intn(400)}
		object := maker.fields(kinds[gvk], 0)
		object["apiVersion"], object["kind"] = gvk.GroupVersion().String(), gvk.Kind
		emit(object)
	}
}

// common are the kinds whose defaults depend on most; half of the objects are of them.
var common = []schema.GroupVersionKind{
	{Version: "v1", Kind: "Pod"},
	{Version: "v1", Kind: "Service"},
	{Version: "v1", Kind: "LimitRange"},
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "apps", Version: "v1", Kind: "StatefulSet"},
	{Group: "apps", Version: "v1", Kind: "DaemonSet"},
	{Group: "batch", Version: "v1", Kind: "Job"},
	{Group: "batch", Version: "v1", Kind: "CronJob"},
	{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
	{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"},
}

type maker struct {
	*rand.Rand
	fill float64
	left int
}

func (m *maker) pick(list ...any) any { return list[m.Intn(len(list))] }

func (m *maker) fields(t reflect.Type, depth int) map[string]any {
	out := map[string]any{}
	for _, i := range m.Perm(t.NumField()) {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			inner := field.Type
			if depth > 0 && inner.Name() == "TypeMeta" {
				continue // A cluster does not store it.
			}
			for key, value := range m.fields(inner, depth) {
				out[key] = value
			}
			continue
		}
		fill := m.fill
		switch name {
		case "spec", "template", "containers", "volumes", "ports", "strategy", "webhooks", "jobTemplate", "behavior",
			"resources", "limits", "requests", "versions", "loadBalancer", "ingress", "podIPs":
			fill = 0.9
		case "managedFields", "ownerReferences", "status":
			fill /= 3
		}
		if m.left <= 0 || m.Float64() > fill {
			continue
		}
		m.left--
		if m.Intn(25) == 0 {
			out[name] = nil
			continue
		}
		out[name] = m.value(field.Type, name, depth+1)
	}
	return out
}

func (m *maker) value(t reflect.Type, name string, depth int) any {
	switch special[t] {
	case "quantity":
		return m.pick("1", "1000m", "0.5", "500Mi", "1Gi", "1024Mi", "1.5Gi", "100n", "0.0001", 2, 0, "0", "0Mi", "1e3", "1E", "12e6", "1.23456789", "-1", "2000M", "+3k", "1000Ki", "99999999999999999999", "0.1m", "1500u")
	case "duration":
		return m.pick("1h", "90s", "1h30m", "0s", "1.5h", "100ms", "-2m", "36h", "1us", "60m", "1.000000001s", "1µs", "+5s", "0", ".5s", "1.5us", "1h0.5s", "100h1ns", "2540400h")
	case "time":
		return m.pick("2024-01-02T03:04:05Z", "2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05.678Z", "2024-02-29T23:59:59.999999999-11:30", "1969-12-31T23:59:59.5Z", nil)
	case "microtime":
		return m.pick("2024-01-02T03:04:05.000000Z", "2024-01-02T03:04:05.123456+02:00", "2024-01-02T03:04:05.500000Z", nil)
	case "intorstring":
		return m.pick(0, 1, 80, "", "http", "25%", "8080", -1)
	case "any":
		if strings.HasPrefix(name, "f") && strings.HasSuffix(name, "V1") {
			return map[string]any{"f:a": map[string]any{}}
		}
		return m.pick(map[string]any{"a": map[string]any{}, "b": []any{}, "c": nil}, map[string]any{"apiVersion": "v1", "kind": "X"})
	case "bytes":
		return m.pick("YQ==", "aGVsbG8=", "YWI=", "YW\nI=", "YWJjZA==\n", "YWJjZB==", "YWJjZGVm", "YWJjZ\r\nGVm")
	case "schemaorlist":
		return m.pick(map[string]any{"type": "string", "title": ""})
	case "schemaorbool":
		return m.pick(true, false, map[string]any{"type": "string", "nullable": false})
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.value(t.Elem(), name, depth)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "YQ=="
		}
		list := []any{}
		for i := m.Intn(3); i > 0 && m.left > 0 && depth < 14; i-- {
			m.left--
			list = append(list, m.value(t.Elem(), name, depth+1))
		}
		return list
	case reflect.Map:
		out := map[string]any{}
		for i := m.Intn(4); i > 0 && m.left > 0 && depth < 14; i-- {
			m.left--
			key := m.pick("a", "app", "x.io/y", "").(string)
			if short(t) == "core/v1.ResourceList" {
				key = m.pick("cpu", "memory", "hugepages-2Mi", "ephemeral-storage", "x.io/gpu", "storage").(string)
			}
			out[key] = m.value(t.Elem(), name, depth+1)
		}
		return out
	case reflect.String:
		if known := words[short(t)]; len(known) > 0 && m.Intn(6) > 0 {
			return known[m.Intn(len(known))]
		}
		switch name {
		case "image", "reference":
			return m.pick("", "nginx", "nginx:latest", "nginx:1.2", "r.io:5000/a/b", "r.io:5000/a/b:latest", "a@sha256:0123456789012345678901234567890123456789012345678901234567890123", "a:latest@sha256:0123456789012345678901234567890123456789012345678901234567890123", "Bad:latest", "a:b:c", "a_b/c:latest", "localhost/x", "0123456789012345678901234567890123456789012345678901234567890123", "UPPER/x:latest", "a//b", ":latest", "a:", "x@sha256:12")
		case "clusterIP":
			return m.pick("", "None", "10.0.0.1")
		case "kind":
			return m.pick("User", "Group", "ServiceAccount", "X")
		case "group", "apiGroup":
			return m.pick("", "apps", "rbac.authorization.k8s.io", "example.com")
		}
		return m.pick("", "a", "b-c", "name.example.com", "1", "true", "/x")
	case reflect.Bool:
		return m.Intn(2) == 0
	case reflect.Float32, reflect.Float64:
		return m.pick(0, 1, 1.5, 2.0)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return m.pick(0, 1, 7)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return m.pick(0, 1, 3, 80, -1)
	case reflect.Struct:
		if depth > 14 {
			return map[string]any{}
		}
		return m.fields(t, depth)
	}
	return nil
}
