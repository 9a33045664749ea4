package activitystreams

import (
	"net/url"
	"path"
	"strings"

	"konfa/community"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// image makes an Image of a picture. The alternative text goes out as name,
// which is where all but Mastodon look and Mastodon looks second; Mobilizon
// refuses a picture without one.
func image(p *community.Picture, fallback string) vocab.ActivityStreamsImage {
	img := streams.NewActivityStreamsImage()
	name := p.Alt
	if name == "" {
		name = fallback
	}
	setName(img, name)
	setURL(img, p.URL)
	setMediaType(img, mediaType(p))
	unknown := img.GetUnknownProperties()
	if p.Width > 0 && p.Height > 0 {
		unknown["width"], unknown["height"] = p.Width, p.Height
	}
	if p.Blurhash != "" {
		unknown["blurhash"] = p.Blurhash
	}
	return img
}

// mediaType is the type of a picture, told from its address where it is not
// known. Gancio and Mastodon leave out an attachment without one.
func mediaType(p *community.Picture) string {
	if p.MediaType != "" {
		return p.MediaType
	}
	if t := mediaTypeOf(p.URL); t != "" {
		return t
	}
	return "image/jpeg"
}

func mediaTypeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	}
	return ""
}
