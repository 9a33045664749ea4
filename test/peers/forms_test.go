package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// However a city is named, it is found; and when city and node follow each other
// as sister cities do, what comes twice is kept once.
func TestHowOneNamesACity(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.111"})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "sister.localhost"})
	for _, name := range []string{
		belgrade.address(), strings.TrimPrefix(belgrade.address(), "@"), "acct:" + strings.TrimPrefix(belgrade.address(), "@"),
		strings.ToUpper(belgrade.address()), belgrade.cityURI(), belgrade.url, belgrade.url + "/", belgrade.host,
	} {
		var f followed
		phuket.run(&f, "follow", name)
		if f.Actor != belgrade.cityURI() {
			t.Errorf("%s is %s", name, f.Actor)
		}
		phuket.awaitFollowing(belgrade.cityURI())
		phuket.run(nil, "unfollow", name)
		eventually(t, "nobody is followed after "+name, func() error {
			if list := belgrade.followers(); len(list) > 0 {
				return fmt.Errorf("%+v", list)
			}
			return nil
		})
	}

	// For the node, a host alone is its Application, which is whom servers follow.
	phuket.run(nil, "follow", belgrade.address(), "--as", "both")
	phuket.run(nil, "follow", belgrade.host, "--as", "node")
	want := []string{"city is followed by " + phuket.cityURI(), "city is followed by " + phuket.nodeURI(), "node is followed by " + phuket.nodeURI()}
	eventually(t, "city and node are both followed", func() error {
		var who []string
		for _, f := range belgrade.followers() {
			who = append(who, f.Local+" is followed by "+f.Actor)
		}
		if slices.Sort(who); !slices.Equal(who, want) {
			return fmt.Errorf("%q", who)
		}
		return nil
	})
	conf := belgrade.addConference("Twice announced", "--duration", "1h")
	phuket.awaitForeign(conf.URI, nil)
	var said post
	belgrade.run(&said, "post", "Once is enough")
	phuket.awaitPost(said.URI, "enough")
	eventually(t, "nothing waits", func() error {
		if p := belgrade.peer(phuket.host); p.Waiting > 0 {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	never(t, "a second copy", 500*time.Millisecond, func() bool {
		n := 0
		for _, c := range phuket.conferences("--foreign") {
			if c.URI == conf.URI {
				n++
			}
		}
		return n != 1
	})
	if n := len(slices.DeleteFunc(phuket.posts(), func(p post) bool { return p.URI != said.URI })); n != 1 {
		t.Errorf("the post is there %d times", n)
	}

	for _, name := range []string{"@nobody@" + belgrade.host, "@belgrade@127.0.0.1:1", belgrade.url + "/conf/none", "not a name", "https://", "@@", conf.URI} {
		out, errs, err := phuket.try("follow", name)
		if err == nil || exitCode(err) != 1 || errs == "" {
			t.Errorf("follow %q: %v\n%s%s", name, err, out, errs)
		}
	}
}
