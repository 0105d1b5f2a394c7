// Argo CD's own diff, as its controller calls it, in one process. The benchmark compares itself with it:
//
//	argocd-diff ROUNDS FILE
//
// FILE has a JSON object per line: config, live, and for a structured merge the manager that applies. A pair
// without one is compared as Argo CD does by default: three ways if the live object has what was applied
// last, else two. Each round reads all pairs from their bytes, then compares them. Prints, after all rounds,
// the CPU time in nanoseconds (user and system, all threads) of reading and of comparing, the peak resident
// memory in KiB, and a letter per pair of the first round: m (modified), s (the same), e (an error).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff/testdata"
	"github.com/go-logr/logr"
	openapi "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	openapiproto "k8s.io/kube-openapi/pkg/util/proto"
)

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

func cpu() int64 {
	usage := usage()
	return usage.Utime.Nano() + usage.Stime.Nano()
}

type pair struct {
	config, live *unstructured.Unstructured
	manager      string
}

func read(line []byte) pair {
	var texts struct {
		Config, Live json.RawMessage
		Manager      string
	}
	check(json.Unmarshal(line, &texts))
	read := pair{&unstructured.Unstructured{}, &unstructured.Unstructured{}, texts.Manager}
	check(read.config.UnmarshalJSON(texts.Config))
	check(read.live.UnmarshalJSON(texts.Live))
	return read
}

func compare(pair pair, parser *managedfields.GvkParser) byte {
	options := []diff.Option{diff.WithLogr(logr.Discard())}
	if pair.manager != "" {
		options = append(options, diff.WithStructuredMergeDiff(true),
			diff.WithGVKParser(parser), diff.WithManager(pair.manager))
	}
	result, err := diff.Diff(pair.config, pair.live, options...)
	switch {
	case err != nil:
		return 'e'
	case result.Modified:
		return 'm'
	default:
		return 's'
	}
}

func main() {
	if len(os.Args) != 3 {
		check(fmt.Errorf("usage: argocd-diff ROUNDS FILE"))
	}
	rounds, err := strconv.Atoi(os.Args[1])
	check(err)
	text, err := os.ReadFile(os.Args[2])
	check(err)
	var lines [][]byte
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	for scanner.Scan() {
		lines = append(lines, bytes.Clone(scanner.Bytes()))
	}
	check(scanner.Err())
	// What a cluster's API server says of its kinds.
	document := &openapi.Document{}
	check(proto.Unmarshal(testdata.OpenAPIV2Doc, document))
	models, err := openapiproto.NewOpenAPIData(document)
	check(err)
	parser, err := managedfields.NewGVKParser(models, false)
	check(err)

	var verdicts []byte
	var reading, comparing int64
	for round := 0; round < rounds; round++ {
		start := cpu()
		pairs := make([]pair, 0, len(lines))
		for _, line := range lines {
			pairs = append(pairs, read(line))
		}
		middle := cpu()
		for _, pair := range pairs {
			verdict := compare(pair, parser)
			if round == 0 {
				verdicts = append(verdicts, verdict)
			}
		}
		reading += middle - start
		comparing += cpu() - middle
	}
	fmt.Println(reading, comparing, usage().Maxrss, string(verdicts))
}
