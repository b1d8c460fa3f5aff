package generator

import "strings"

// didYouMean is the hint of an unknown word: the words nearest to it, or the way to all of them.
func didYouMean(word string, words []string, otherwise string) string {
	if near := Nearest(word, words); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	return otherwise
}

// Nearest returns the words that word was most likely meant to be, at most three, nearest first.
func Nearest(word string, words []string) []string {
	best := max(2, len(word)/3) + 1
	var near []string
	word = strings.ToLower(word)
	for _, w := range words {
		d := distance(word, w)
		if len(word) > 1 && strings.HasPrefix(w, word) {
			d = 1
		}
		if d < best {
			best, near = d, nil
		}
		if d == best && d < len(w) && len(near) < 3 {
			near = append(near, w)
		}
	}
	return near
}

// distance counts the bytes to insert, delete, replace or swap with their neighbour to make b out of a
// (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
