package gpt4all

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// didYouMean is a question with the names of the catalogue that are nearly this one, those that Python's difflib finds;
// empty if none is.
func didYouMean(name string) string {
	const least, most = 0.6, 3
	names := map[string]string{}
	for _, entry := range theCatalogue().entries {
		for _, each := range entry.Names() {
			names[strings.ToLower(each)] = each
		}
	}
	wanted := []rune(strings.ToLower(name))
	type match struct {
		name  string
		ratio float64
	}
	var near []match
	for each := range names {
		if ratio := similarity([]rune(each), wanted); ratio >= least {
			near = append(near, match{each, ratio})
		}
	}
	slices.SortFunc(near, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.ratio, a.ratio), cmp.Compare(b.name, a.name))
	})
	var quoted []string
	for _, each := range near[:min(len(near), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", names[each.name]))
	}
	if quoted == nil {
		return ""
	}
	return ". Did you mean " + strings.Join(quoted, " or ") + "?"
}

// similarity is how alike two texts are, from 0 to 1: by the letters in their longest common pieces (Ratcliff and
// Obershelp).
func similarity(one, other []rune) float64 {
	if len(one)+len(other) == 0 {
		return 1
	}
	return 2 * float64(matching(one, other)) / float64(len(one)+len(other))
}

func matching(one, other []rune) int {
	var begin, otherBegin, longest int
	above := make([]int, len(other)+1) // how long the common piece is that ends at each place
	for i := range one {
		row := make([]int, len(other)+1)
		for j := range other {
			if one[i] != other[j] {
				continue
			}
			if row[j+1] = above[j] + 1; row[j+1] > longest {
				longest = row[j+1]
				begin, otherBegin = i+1-longest, j+1-longest
			}
		}
		above = row
	}
	if longest == 0 {
		return 0
	}
	return matching(one[:begin], other[:otherBegin]) + longest +
		matching(one[begin+longest:], other[otherBegin+longest:])
}
