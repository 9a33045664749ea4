package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

//go:embed static/*
var staticFiles embed.FS

// assets are the files of the pages under addresses that carry a hash of what
// is in them, so that browsers may keep them for ever.
type assets struct {
	byName map[string]string // "style.css" -> "/static/style.1f2e3d4c.css"
	byPath map[string]staticFile
}

type staticFile struct {
	kind string
	body []byte
}

var staticKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadAssets() (*assets, error) {
	names, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		return nil, err
	}
	a := &assets{byName: map[string]string{}, byPath: map[string]staticFile{}}
	for _, name := range names {
		body, err := staticFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		base, ext := path.Base(name), path.Ext(name)
		address := "/static/" + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:4]) + ext
		a.byName[base] = address
		a.byPath[address] = staticFile{staticKinds[ext], body}
	}
	return a, nil
}

func (a *assets) path(name string) string { return a.byName[name] }
