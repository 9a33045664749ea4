package peers

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The checks of activitypub-testing, which come from the text of the
// recommendation.
func TestActivityPubTesting(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../fedify")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "node_modules", "activitypub-testing", "src", "cli.js")
	node := nodeBinary(dir)
	if _, err := os.Stat(program); err != nil || node == "" {
		need(t, "Node and the npm packages of test/fedify (npm ci there)")
	}
	belgrade := found(t, cityOptions{Host: "127.0.0.91"})
	belgrade.addConference("Something to list")
	for _, actor := range []string{belgrade.cityURI(), belgrade.nodeURI(), belgrade.url + "/desk", belgrade.url + "/people/anna"} {
		cmd := exec.Command(node, program, "test", "actor", actor, "--output=json-seq")
		cmd.Dir = dir
		cmd.Env = environment("NODE_EXTRA_CA_CERTS="+caFile, "NODE_NO_WARNINGS=1")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v\n%s", actor, err, tail(errs.String(), 3000))
		}
		outcomes := map[string]string{}
		for _, record := range strings.Split(out.String(), "\x1e") {
			if strings.TrimSpace(record) == "" {
				continue
			}
			var assertion struct {
				Result struct{ Outcome, Info string }
				Test   struct{ Slug string }
			}
			// Info may be anything; only its text is of use.
			if err := json.Unmarshal([]byte(record), &assertion); err != nil && assertion.Test.Slug == "" {
				t.Fatalf("%s: %v\n%s", actor, err, record)
			}
			outcomes[assertion.Test.Slug] = assertion.Result.Outcome
			if assertion.Result.Outcome == "failed" {
				t.Errorf("%s: %s: %s", actor, assertion.Test.Slug, assertion.Result.Info)
			}
		}
		for _, slug := range []string{
			"actor-objects-must-have-inbox-outbox-properties",
			"actor-must-serve-as2-object-to-get",
			"outbox-must-be-an-orderedcollection",
			"followers-collection-must-be-a-collection",
			"following-collection-must-be-a-collection",
		} {
			if outcomes[slug] != "passed" {
				t.Errorf("%s: %s is %q", actor, slug, outcomes[slug])
			}
		}
	}
}
