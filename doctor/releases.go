package doctor

import (
	"fmt"
	"strings"
	"time"
)

// knownIn is when the table below was true. It ages: what came later is not in it.
const knownIn = "June 2026"

// A release is a line of releases and the last day of its support, of the patches supported longest. Maintenance means
// patches; after it comes assistance, which innovation releases do not have.
type release struct {
	year, number            int
	maintenance, assistance string
}

// From the table behind https://www.cockroachlabs.com/docs/releases/release-support-policy, oldest first.
var releases = []release{
	{22, 1, "2023-05-24", "2023-11-24"},
	{22, 2, "2023-12-05", "2024-06-05"},
	{23, 1, "2024-11-13", "2025-11-13"},
	{23, 2, "2025-07-08", "2026-07-08"},
	{24, 1, "2025-10-21", "2026-10-21"},
	{24, 2, "2025-02-12", ""},
	{24, 3, "2026-05-05", "2027-05-05"},
	{25, 1, "2025-08-18", ""},
	{25, 2, "2026-12-17", "2027-12-17"},
	{25, 3, "2026-02-04", ""},
	{25, 4, "2027-05-03", "2028-05-03"},
	{26, 1, "2026-08-02", ""},
	{26, 2, "2027-04-27", "2027-10-27"},
}

// supported says what is known of the support of a version, v25.4.10 for example, called name.
func supported(name, version string, now time.Time) Check {
	var year, number, patch int
	if _, err := fmt.Sscanf(version, "v%d.%d.%d", &year, &number, &patch); err != nil {
		return warn(name+": a version that crdb-init cannot read", "it is not of the form v25.4.10", "see https://www.cockroachlabs.com/docs/releases")
	}
	line := fmt.Sprintf("v%d.%d", year, number)
	const upgrade = "upgrade the cluster, one release line at a time"
	if strings.Contains(version, "-") { // v26.3.0-alpha.1
		return warn(name+": a pre-release", "alphas, betas and release candidates are for tests and get no support", "use a release")
	}
	oldest, newest := releases[0], releases[len(releases)-1]
	today := day(now)
	for _, r := range releases {
		if r.year != year || r.number != number {
			continue
		}
		last := max(r.maintenance, r.assistance)
		switch {
		case today <= r.maintenance:
			return ok(name + ": " + line + " is supported until " + last + ", as known in " + knownIn)
		case today <= last:
			return warn(name+": "+line+" gets no more patches", "its maintenance ended on "+r.maintenance+"; assistance ends on "+last+", as known in "+knownIn, upgrade)
		}
		return warn(name+": "+line+" is not supported any more", "it went out of support on "+last+", as known in "+knownIn, upgrade)
	}
	if year < oldest.year || year == oldest.year && number < oldest.number {
		return warn(name+": "+line+" is not supported any more", "it went out of support before "+oldest.line()+", which did on "+oldest.assistance, upgrade)
	}
	if year > newest.year || year == newest.year && number > newest.number {
		return ok(name + ": newer than what crdb-init knows the support of, " + knownIn)
	}
	return warn(name+": no such release is known", "it is not among those known in "+knownIn, "see https://www.cockroachlabs.com/docs/releases")
}

func (r release) line() string { return fmt.Sprintf("v%d.%d", r.year, r.number) }
