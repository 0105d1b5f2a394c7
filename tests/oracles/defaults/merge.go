package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
)

// merge writes the types of several releases as one table: a line per kind and field, with the releases
// that have it where not all do.
func merge(files []string, out io.Writer) {
	var releases []int
	has := map[string]map[int]bool{}
	for _, file := range files {
		var d Description
		bytes, err := os.ReadFile(file)
		fail(err)
		fail(json.Unmarshal(bytes, &d))
		release, err := strconv.Atoi(d.Minor)
		fail(err)
		releases = append(releases, release)
		add := func(line string) {
			if has[line] == nil {
				has[line] = map[int]bool{}
			}
			has[line][release] = true
		}
		for kind, of := range d.Kinds {
			add("kind " + kind + " " + of)
		}
		for name, fields := range d.Types {
			of := name[:strings.Index(name, ".")+1]
			add("type " + name + "\x00")
			for _, field := range fields {
				line := "type " + name + "\x00" + field.Name + " " + strings.ReplaceAll(field.Type, of, "")
				if strings.Contains(field.Omit, "e") {
					line += " ?"
				}
				if strings.Contains(field.Omit, "z") {
					line += " z"
				}
				if field.Default != "" {
					line += " =" + field.Default
				}
				add(line)
			}
		}
	}
	lines := make([]string, 0, len(has))
	for line := range has {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	for _, line := range lines {
		in := ""
		if len(has[line]) < len(releases) {
			first, last := 0, 0
			for _, release := range releases {
				if has[line][release] {
					last = release
					if first == 0 {
						first = release
					}
				}
			}
			if last-first+1 != len(has[line]) {
				fail(fmt.Errorf("not in every release from %d to %d: %s", first, last, line))
			}
			in = fmt.Sprintf(" @%d-%d", first, last)
		}
		if strings.HasPrefix(line, "kind ") {
			fmt.Fprintln(out, line+in)
			continue
		}
		name, field, _ := strings.Cut(line, "\x00")
		if field == "" {
			fmt.Fprintln(out, name)
			continue
		}
		value := ""
		if at := strings.Index(field, " ="); at >= 0 {
			field, value = field[:at], field[at:]
		}
		fmt.Fprintln(out, " "+field+in+value)
	}
}
