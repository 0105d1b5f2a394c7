package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// markers are the `+default=` of the Go sources, by type and JSON name, as JSON; words are the values of
// named text types.
var markers, words = readSources(strings.Fields(os.Getenv("K8S_SOURCES")))

var (
	typeLine    = regexp.MustCompile(`^type (\w+) struct \{`)
	markerLine  = regexp.MustCompile(`^\s*// \+default=(.*)$`)
	fieldLine   = regexp.MustCompile("^\\s+\\w+\\s+\\S+\\s+`.*json:\"(\\w+)")
	commentLine = regexp.MustCompile(`^\s*//`)
	wordLine    = regexp.MustCompile(`^\s*(?:const )?(\w+)\s+(\w+)\s*=\s*"([^"]*)"`)
)

// readSources scans folders of types: one line at a time is enough for how Kubernetes writes them.
func readSources(folders []string) (map[string]string, map[string][]string) {
	markers, words, constants := map[string]string{}, map[string][]string{}, map[string]string{}
	for _, folder := range folders {
		fail(filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parts := strings.Split(filepath.ToSlash(filepath.Dir(path)), "/")
			of := strings.Join(parts[max(0, len(parts)-2):], "/") + "."
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			inside, pending := "", ""
			for _, line := range strings.Split(string(text), "\n") {
				if found := typeLine.FindStringSubmatch(line); found != nil {
					inside = found[1]
				} else if found := markerLine.FindStringSubmatch(line); found != nil {
					pending = found[1]
				} else if found := fieldLine.FindStringSubmatch(line); found != nil {
					if pending != "" {
						markers[of+inside+"."+found[1]] = pending
					}
					pending = ""
				} else if found := wordLine.FindStringSubmatch(line); found != nil {
					words[of+found[2]] = append(words[of+found[2]], found[3])
					constants["ref("+found[1]+") "+of] = strconv.Quote(found[3])
				} else if !commentLine.MatchString(line) {
					pending = ""
				}
			}
			return nil
		}))
	}
	for field, value := range markers {
		of, _, _ := strings.Cut(field, ".")
		if constant, ok := constants[value+" "+of+"."]; ok {
			markers[field] = constant
		}
	}
	return markers, words
}
