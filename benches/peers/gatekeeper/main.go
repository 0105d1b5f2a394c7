// Gatekeeper evaluates policies with its own Rego driver, in one process. The benchmark compares
// itself with it:
//
//	gatekeeper ROUNDS FILE
//
// FILE is JSON: templates, constraints (of different kinds), reviews and inventory. Every review is
// asked of all constraints at once, as the webhook does. Prints, after all rounds, the CPU time in
// nanoseconds (user and system, all threads), the peak resident memory in KiB, and the FNV-1a hash of
// the first round's messages.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"

	templatesv1 "github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const target = "admission.k8s.gatekeeper.sh"

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() syscall.Rusage {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage
}

func cpu(usage syscall.Rusage) int64 {
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	if len(os.Args) != 3 {
		check(fmt.Errorf("usage: gatekeeper ROUNDS FILE"))
	}
	rounds, err := strconv.Atoi(os.Args[1])
	check(err)
	text, err := os.ReadFile(os.Args[2])
	check(err)
	var work struct {
		Templates   []json.RawMessage
		Constraints []map[string]interface{}
		Reviews     []map[string]interface{}
		Inventory   []map[string]interface{}
	}
	check(json.Unmarshal(text, &work))

	ctx := context.Background()
	driver, err := rego.New()
	check(err)
	for _, text := range work.Templates {
		var versioned templatesv1.ConstraintTemplate
		check(json.Unmarshal(text, &versioned))
		template, err := versioned.ToVersionless()
		check(err)
		check(driver.AddTemplate(ctx, template))
	}
	var constraints []*unstructured.Unstructured
	for _, object := range work.Constraints {
		constraint := &unstructured.Unstructured{Object: object}
		check(driver.AddConstraint(ctx, constraint))
		constraints = append(constraints, constraint)
	}
	for _, object := range work.Inventory {
		known := unstructured.Unstructured{Object: object}
		path := []string{"cluster"}
		if known.GetNamespace() != "" {
			path = []string{"namespace", known.GetNamespace()}
		}
		path = append(path, known.GetAPIVersion(), known.GetKind(), known.GetName())
		check(driver.AddData(ctx, target, path, object))
	}

	hash := fnv.New64a()
	before := usage()
	for round := 0; round < rounds; round++ {
		for _, review := range work.Reviews {
			response, err := driver.Query(ctx, target, constraints, review)
			check(err)
			if round > 0 {
				continue
			}
			var lines []string
			for _, result := range response.Results {
				message := result.Msg
				if strings.Contains(message, "eval_") {
					message = "error"
				}
				lines = append(lines, result.Constraint.GetKind()+": "+message+"\n")
			}
			sort.Strings(lines)
			hash.Write([]byte(strings.Join(lines, "") + "\n"))
		}
	}
	after := usage()
	fmt.Println(cpu(after)-cpu(before), after.Maxrss, hash.Sum64())
}
