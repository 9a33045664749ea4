// Package activitystreams turns the domain into ActivityStreams JSON and back.
//
// Writing builds typed objects with go-fed's streams and vocab, serialises them
// and then runs one finishing pass over the result (finish.go): it restores
// what the library loses or cannot express, such as arrays of one element,
// texts in several languages, floats with a decimal point and the definitions
// of extension terms. What comes out is inside the union of what every known
// server accepts, and the same input always gives the same bytes.
//
// Reading is a tolerant reader of our own: servers differ in far more ways than
// typed vocabularies allow for, and it runs for every request that comes in. It
// is bounded in size, depth and number of values, never panics, and believes
// nothing: whose document it is has to be checked by whoever calls it.
//
// Types of go-fed never leave this package.
package activitystreams

// ContentType is what documents are served and sent as. Lemmy compares it
// byte for byte.
const ContentType = "application/activity+json"

// PublicURI addresses everyone.
const PublicURI = "https://www.w3.org/ns/activitystreams#Public"
