package main

// cli is the grammar of the command line. Each command is a struct in the file
// named after it, with a Run method.
type cli struct {
	Config   string  `help:"The configuration file (default: konfa.toml in the working directory)." placeholder:"PATH"`
	Data     *string `help:"The directory of the data." placeholder:"DIR"`
	Database *string `help:"postgres://… instead of an SQLite file under the data directory." placeholder:"URL"`
	URL      *string `name:"url" help:"The public address of the node." placeholder:"URL"`
	JSON     bool    `name:"json" help:"Print one JSON document instead of text."`

	Serve     serveCmd     `cmd:"" help:"Run the node: pages, feeds and federation."`
	Demo      demoCmd      `cmd:"" help:"Run three cities on this machine and watch them federate."`
	Init      initCmd      `cmd:"" help:"Found a city."`
	City      cityCmd      `cmd:"" help:"The city itself: show, update, rekey."`
	Conf      confCmd      `cmd:"" help:"Conferences: add, list, show, update, cancel, delete, import, export and more."`
	Post      postCmd      `cmd:"" help:"Say something as the city or as a member."`
	Replies   repliesCmd   `cmd:"" help:"What people answered: list, show, hide, delete."`
	Mentions  mentionsCmd  `cmd:"" help:"Who mentions the city: list, boost, dismiss."`
	Follow    followCmd    `cmd:"" help:"Follow a city or person elsewhere."`
	Unfollow  unfollowCmd  `cmd:"" help:"Stop following."`
	Sister    sisterCmd    `cmd:"" help:"Sister cities: add, list, show, set, remove."`
	Offer     offerCmd     `cmd:"" help:"Conferences offered between cities: make, list, accept, decline, revoke."`
	Followers followersCmd `cmd:"" help:"Who follows this city."`
	Following followingCmd `cmd:"" help:"Whom this city follows."`
	Cities    citiesCmd    `cmd:"" help:"The cities that are known: list, look, forget."`
	Peers     peersCmd     `cmd:"" help:"The servers we talk with: what waits for them, what went wrong."`
	Member    memberCmd    `cmd:"" help:"Members: add, list, role, suspend."`
	Mail      mailCmd      `cmd:"" help:"Letters to guests and members: list, show, test."`
	Arrivals  arrivalsCmd  `cmd:"" help:"Who of other cities said that they come."`
	Block     blockCmd     `cmd:"" help:"Keep servers and people out: add, list, remove, import."`
	Report    reportCmd    `cmd:"" help:"What people complained about: list, show, close."`
	Measure   measureCmd   `cmd:"" help:"What is done about people and servers: list, take, lift."`
	Token     tokenCmd     `cmd:"" help:"Tokens for programs that use the JSON API: add, list, revoke."`
	Inspect   inspectCmd   `cmd:"" help:"What konfa understands of an ActivityPub document, or why it refuses it."`
	Backup    backupCmd    `cmd:"" help:"Keep the whole node in one file, also while it serves."`
	Restore   restoreCmd   `cmd:"" help:"Bring a node back from a backup, into an empty place."`
	Verify    verifyCmd    `cmd:"" help:"Make sure that a backup is whole and can be restored."`
	Doctor    doctorCmd    `cmd:"" help:"Look at the node from outside and within: name, certificate, signatures, clock, mail, backups."`
	Version   versionCmd   `cmd:"" help:"The version of this program and what it was built with."`
}

// flags returns the configuration keys that were given as flags of every
// command.
func (c *cli) flags() map[string]string {
	f := map[string]string{}
	setFlag(f, "data", c.Data)
	setFlag(f, "database", c.Database)
	setFlag(f, "url", c.URL)
	return f
}

func setFlag(f map[string]string, key string, v *string) {
	if v != nil {
		f[key] = *v
	}
}
