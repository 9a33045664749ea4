package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"

	"konfa/atlas"
)

//go:embed static/*
var staticFiles embed.FS

// assets are the files of the pages under addresses that carry a hash of what
// is in them, so that browsers may keep them for ever.
type assets struct {
	byName map[string]string // "style.css" -> "/static/style.1f2e3d4c.css"
	byPath map[string]document
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
	a := &assets{byName: map[string]string{}, byPath: map[string]document{}}
	for _, name := range append(names, "static/land.svg") {
		body := atlas.Land
		if name != "static/land.svg" {
			if body, err = staticFiles.ReadFile(name); err != nil {
				return nil, err
			}
		}
		if path.Ext(name) == ".css" {
			body = squeezeSheet(body)
		}
		sum := sha256.Sum256(body)
		base, ext := path.Base(name), path.Ext(name)
		address := "/static/" + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:4]) + ext
		a.byName[base] = address
		d, err := newDocument(body, staticKinds[ext])
		if err != nil {
			return nil, err
		}
		d.keep = "public, max-age=31536000, immutable"
		if ext == ".svg" {
			d.policy = "default-src 'none'; style-src 'unsafe-inline'" // it has a style of its own
		}
		a.byPath[address] = d
	}
	return a, nil
}

func (a *assets) path(name string) string { return a.byName[name] }
