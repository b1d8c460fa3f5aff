//go:build e2e && unix

package blackbox

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// flawVariable gives the reference server a flaw in a run of this test binary
// that TestFlaws starts and expects to fail.
const flawVariable = "BLACKBOX_FLAW"

func TestReference(t *testing.T) {
	server := httptest.NewServer(newReference(os.Getenv(flawVariable)))
	defer server.Close()
	API(t, server.URL)
	Load(t, server.URL, server.URL)
}

// TestFlaws proves that the suite fails where a server is wrong, and at the claim that names it.
func TestFlaws(t *testing.T) {
	if os.Getenv(flawVariable) != "" {
		t.Skip("this run is itself one of a flaw")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for flaw, claim := range map[string]string{
		"html errors":                     "GET_of_an_unknown_account_is_404",
		"any content type":                "POST_/accounts_with_no_Content-Type_is_415",
		"chunked bodies without a limit":  "a_body_of_3_MiB_is_413,_chunked",
		"text after the value":            "a_second_value_is_400",
		"unknown fields":                  "an_unknown_field_is_400",
		"next is null too early":          "pages_of_7_hold_every_account_once",
		"keys ignored":                    "racing_requests_with_one_key_move_money_once",
		"failed transfers use the key up": "a_transfer_that_failed_does_not_use_its_key_up",
		"lost updates":                    "the_sum_is_unchanged",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(self, "-test.run=^TestReference$")
			cmd.Env = append(os.Environ(), flawVariable+"="+flaw)
			out, err := cmd.CombinedOutput()
			failed := false
			for line := range strings.Lines(string(out)) {
				failed = failed || strings.HasPrefix(strings.TrimSpace(line), "--- FAIL") && strings.Contains(line, claim)
			}
			if err == nil || !failed {
				t.Errorf("a server with the flaw does not fail the claim %s: %v\n%.3000s", claim, err, out)
			}
		})
	}
}

// urlVariable points TestURL at a service that runs already.
const urlVariable = "BLACKBOX_URL"

// TestURL drives a service that someone else started, to look into a failure.
func TestURL(t *testing.T) {
	base := os.Getenv(urlVariable)
	if base == "" {
		t.Skip(urlVariable + " is not set")
	}
	API(t, base)
	Load(t, base)
}
