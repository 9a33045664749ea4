package peers

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// Two processes serve one city from one PostgreSQL database: what is published
// is delivered once, whoever of them does it, and what either takes is done
// once. Then one of them is killed.
func TestTwoProcessesOneCity(t *testing.T) {
	t.Parallel()
	database := postgresDatabase(t)
	belgrade := found(t, cityOptions{Host: "127.0.0.94", Database: database})
	fed := newServer(t, serverOptions{Host: "127.0.0.95"})
	fed.follow("alice", belgrade.address())
	belgrade.awaitFollower(fed.Actors["alice"].URI)

	// The second listens at a port of its own; a proxy would share out requests.
	second := *belgrade
	second.name = "Belgrade, second process"
	second.listen = net.JoinHostPort("127.0.0.94", freePort(t, "127.0.0.94"))
	second.env = append(append([]string{}, belgrade.env...), "KONFA_LISTEN="+second.listen)
	second.process = start(t, "konfa, second process", second.command("serve"))
	listening(t, second.process, second.listen)

	const conferences = 12
	var all []conference
	for i := range conferences {
		conf := belgrade.addConference(fmt.Sprintf("Number %d", i), "--duration", "1h")
		belgrade.run(nil, "conf", "update", conf.Slug, "--capacity", fmt.Sprint(i+1))
		all = append(all, conf)
		if i == conferences/2 {
			belgrade.process.kill()
		}
	}
	delivered := func(uri string) string {
		var types []string
		for _, d := range fed.received() {
			if id(d.Activity["object"]) == uri {
				types = append(types, d.Activity["type"].(string))
			}
		}
		return strings.Join(types, " ")
	}
	for _, conf := range all {
		eventually(t, conf.Title+" is delivered", func() error {
			// A process that was killed after it sent and before it noted so sends
			// once more; nothing may be missing, or come in another order.
			switch got := delivered(conf.URI); got {
			case "Create Update", "Create Create Update", "Create Update Update":
				return nil
			default:
				return fmt.Errorf("%q", got)
			}
		})
	}

	// The one that is left still takes what comes.
	inbox := "https://" + second.listen + "/inbox"
	status, body := fed.post(posted{As: "alice", Inbox: belgrade.url + "/inbox", DeliverTo: inbox, Scheme: "none", Activity: fed.like("alice", all[0].URI, "unsigned")})
	if status != 401 {
		t.Errorf("unsigned, to the second process: %d %s", status, body)
	}
}
