// Krusty builds kustomizations with kustomize's own library, in one process, so that its start-up is
// paid once. The benchmark compares itself with it:
//
//	krusty ROUNDS DIR...
//
// prints, after all rounds, the CPU time in nanoseconds (user and system, all threads), the peak
// resident memory in KiB, and the FNV-1a hash of the first round's outputs.
package main

import (
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"syscall"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func usage() syscall.Rusage {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return usage
}

func cpu(usage syscall.Rusage) int64 {
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: krusty ROUNDS DIR..."))
	}
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fail(err)
	}
	// What the program does without a flag.
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	hash := fnv.New64a()
	before := usage()
	for round := 0; round < rounds; round++ {
		for _, dir := range os.Args[2:] {
			built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
			if err != nil {
				fail(err)
			}
			text, err := built.AsYaml()
			if err != nil {
				fail(err)
			}
			if round == 0 {
				hash.Write(text)
			}
		}
	}
	after := usage()
	fmt.Println(cpu(after)-cpu(before), after.Maxrss, hash.Sum64())
}
