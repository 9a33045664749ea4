package main

import (
	"context"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"konfa/backup"
	"konfa/community"
	"konfa/federation"
	"konfa/node"
	"konfa/storage"
	"konfa/web"
)

// machine is the program and what it runs on, as the pages of the stewards see it.
type machine struct {
	c   *Config
	n   *node.Node
	fed *federation.Server
}

// How little room on the disk is too little, in bytes, and how few stewards.
const (
	lowDisk     = 1 << 30
	fewStewards = 3
)

func (m *machine) Examine(ctx context.Context) []community.Finding {
	return append(m.fed.Examine(ctx), m.mail(ctx), m.backups(), m.room(), m.stewards(ctx))
}

func find(check, key string, h community.Health, pairs ...string) community.Finding {
	f := community.Finding{Check: check, Key: key, Health: h, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i]] = pairs[i+1]
	}
	return f
}

// lettersLooked is how many of the last letters tell whether mail works.
const lettersLooked = 50

func (m *machine) mail(ctx context.Context) community.Finding {
	if m.c.SMTP == "" {
		return find("mail", "none", community.Unsure)
	}
	letters, err := m.n.Store().Letters(ctx, storage.LetterQuery{Limit: lettersLooked})
	if err != nil {
		return find("mail", "failing", community.Ill, "Failed", "?", "Reason", err.Error())
	}
	failed, why := 0, ""
	for _, l := range letters {
		if l.State == community.LetterLost || l.State == community.LetterDue && l.Attempts > 0 {
			if failed++; why == "" {
				why = l.LastError
			}
		}
	}
	if failed > 0 {
		return find("mail", "failing", community.Unsure, "Failed", strconv.Itoa(failed), "Reason", why)
	}
	server := m.c.SMTP
	if u, err := url.Parse(server); err == nil {
		server = u.Host
	}
	return find("mail", "fine", community.Well, "Server", server)
}

func (m *machine) backups() community.Finding {
	all, err := backup.List(m.c.backups())
	switch {
	case err != nil:
		return find("backup", "failed", community.Ill, "Reason", reason(err).Error())
	case len(all) == 0 && m.c.BackupHours == 0:
		return find("backup", "off", community.Unsure)
	case len(all) == 0:
		return find("backup", "none", community.Unsure)
	}
	at := all[0].Made.UTC().Format("2006-01-02 15:04 UTC")
	if m.c.BackupHours > 0 && time.Since(all[0].Made) > 2*time.Duration(m.c.BackupHours)*time.Hour {
		return find("backup", "old", community.Ill, "At", at)
	}
	return find("backup", "fine", community.Well, "At", at)
}

func (m *machine) room() community.Finding {
	free, _ := m.Disk()
	text := strconv.FormatFloat(float64(free)/1e9, 'f', 1, 64) + " GB"
	if free < lowDisk {
		return find("disk", "low", community.Ill, "Free", text)
	}
	return find("disk", "fine", community.Well, "Free", text)
}

func (m *machine) stewards(ctx context.Context) community.Finding {
	members, err := m.n.Store().Members(ctx)
	n := 0
	for i := range members {
		if members[i].Role == community.Steward && members[i].MayAct() == nil {
			n++
		}
	}
	if err != nil || n < fewStewards {
		return find("stewards", "short", community.Unsure, "Count", strconv.Itoa(n))
	}
	return find("stewards", "fine", community.Well, "Count", strconv.Itoa(n))
}

func (m *machine) Backups() ([]web.Backup, error) {
	all, err := backup.List(m.c.backups())
	if err != nil {
		return nil, err
	}
	out := make([]web.Backup, len(all))
	for i, b := range all {
		out[i] = web.Backup(b)
	}
	return out, nil
}

// BackUp makes a backup and reads it back, as one that cannot be restored is none.
func (m *machine) BackUp(ctx context.Context) (web.Backup, error) {
	one, err := backup.Keep(ctx, kept(m.c, m.n), m.c.backups(), m.c.BackupKeep)
	if err != nil {
		return web.Backup{}, err
	}
	_, err = backup.Verify(ctx, filepath.Join(m.c.backups(), one.Name))
	return web.Backup(*one), err
}

func (m *machine) Disk() (free, size uint64) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(m.c.Data, &s); err != nil {
		return 0, 0
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize)
}

func (m *machine) Settings() []web.Setting {
	var out []web.Setting
	for _, s := range settings {
		out = append(out, web.Setting{Key: s.key, Value: m.c.shown(s.key), From: m.c.from[s.key]})
	}
	return out
}
