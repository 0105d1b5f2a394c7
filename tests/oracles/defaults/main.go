// Command defaults asks one release of Kubernetes what its types are, and what its defaulting functions
// make of objects. It is built against that release by build.sh.
//
//	defaults types             the types of all kinds, as JSON
//	defaults apply             JSON objects, one per line, to their typed and defaulted forms
//	defaults merge FILE...     the types of several releases, oldest first, as the table of gitops-core
//	defaults random SEED N     N random objects with their typed and defaulted forms, one per line
//	defaults quantities SEED N N texts with what they are as quantities
//	defaults schemas SEED N    N custom resources with their schema and defaulted form
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	sigsjson "sigs.k8s.io/json"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apiserverinternal/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
	_ "k8s.io/kubernetes/pkg/apis/authorization/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	_ "k8s.io/kubernetes/pkg/apis/storagemigration/install"
)

// minor is the release's minor number; build.sh sets it.
var minor = "0"

var scheme = legacyscheme.Scheme

func main() {
	apiextensions.Install(scheme)
	apiregistration.Install(scheme)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	args := append(os.Args[1:], "", "", "")
	switch args[0] {
	case "types":
		fail(encoder.Encode(describe()))
	case "merge":
		merge(os.Args[2:], out)
	case "apply":
		in := bufio.NewScanner(os.Stdin)
		in.Buffer(nil, 1<<28)
		for in.Scan() {
			var object map[string]any
			fail(sigsjson.UnmarshalCaseSensitivePreserveInts(in.Bytes(), &object))
			fail(encoder.Encode(answer(object)))
		}
	case "random", "quantities", "schemas":
		seed, err := strconv.ParseInt(args[1], 10, 64)
		fail(err)
		count, err := strconv.Atoi(args[2])
		fail(err)
		emit := func(row any) { fail(encoder.Encode(row)) }
		switch args[0] {
		case "random":
			random(seed, count, func(object map[string]any) { emit(answer(object)) })
		case "quantities":
			quantities(seed, count, emit)
		case "schemas":
			schemas(seed, count, emit)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: defaults types | merge FILE... | apply | random|quantities|schemas SEED N")
		os.Exit(2)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Row is an object, its form after a round trip through its Go type, and that with defaults.
type Row struct {
	Object    any    `json:"object"`
	Roundtrip any    `json:"roundtrip,omitempty"`
	Defaulted any    `json:"defaulted,omitempty"`
	Error     string `json:"error,omitempty"`
}

func answer(object map[string]any) Row {
	row := Row{Object: object}
	version, err := schema.ParseGroupVersion(fmt.Sprint(object["apiVersion"]))
	if err != nil {
		row.Error = err.Error()
		return row
	}
	typed, err := scheme.New(version.WithKind(fmt.Sprint(object["kind"])))
	if err != nil {
		row.Error = err.Error()
		return row
	}
	bytes, err := json.Marshal(object)
	fail(err)
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(bytes, typed); err != nil {
		row.Error = err.Error()
		return row
	}
	typed = stored(typed)
	row.Roundtrip = encode(typed)
	scheme.Default(typed)
	row.Defaulted = encode(typed)
	return row
}

// stored is the object after a trip through the form in which a cluster stores it, which does not tell
// empty lists and mappings from absent ones.
func stored(object runtime.Object) runtime.Object {
	type message interface {
		Marshal() ([]byte, error)
		Unmarshal([]byte) error
	}
	from, ok := object.(message)
	if !ok {
		return object
	}
	bytes, err := from.Marshal()
	fail(err)
	to := reflect.New(reflect.TypeOf(object).Elem()).Interface()
	fail(to.(message).Unmarshal(bytes))
	kind := object.GetObjectKind().GroupVersionKind()
	to.(runtime.Object).GetObjectKind().SetGroupVersionKind(kind)
	return to.(runtime.Object)
}

func encode(object runtime.Object) any {
	bytes, err := json.Marshal(object)
	fail(err)
	return json.RawMessage(bytes)
}

// Kinds that are served: with metadata, not internal, not a list, not removed before this release.
func kinds() map[schema.GroupVersionKind]reflect.Type {
	found := map[schema.GroupVersionKind]reflect.Type{}
	for gvk, t := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		if _, ok := t.FieldByName("ObjectMeta"); !ok {
			continue
		}
		if old, ok := reflect.New(t).Interface().(interface{ APILifecycleRemoved() (int, int) }); ok {
			_, removed := old.APILifecycleRemoved()
			if now, _ := strconv.Atoi(minor); removed <= now {
				continue
			}
		}
		found[gvk] = t
	}
	return found
}

func sortedKinds() []schema.GroupVersionKind {
	var list []schema.GroupVersionKind
	for gvk := range kinds() {
		list = append(list, gvk)
	}
	sort.Slice(list, func(a, b int) bool { return list[a].String() < list[b].String() })
	return list
}
