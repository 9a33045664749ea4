package web

import (
	"context"
	"time"

	"konfa/community"
)

// Machine is what the pages of the stewards need of the program around them, and
// of the machine it runs on.
type Machine interface {
	// Examine looks at the node from outside and from within. It takes seconds.
	Examine(ctx context.Context) []community.Finding
	// Backups lists those that are kept, newest first.
	Backups() ([]Backup, error)
	// BackUp makes one now.
	BackUp(ctx context.Context) (Backup, error)
	// Disk is how much room there is where the data is, in bytes; 0 where the
	// system does not say.
	Disk() (free, size uint64)
	// Settings are those of the configuration, without secrets, in its order.
	Settings() []Setting
}

// Backup is a backup that is kept.
type Backup struct {
	Name string
	Size int64 // bytes
	Made time.Time
}

// Setting is a key of the configuration, what it is, and where that was said.
type Setting struct{ Key, Value, From string }
