// Package atlas is a map of the world to put dots on: the land as a picture,
// and where on it a place on earth is.
//
// The land is that of Natural Earth (naturalearthdata.com), which is in the
// public domain, made simpler and projected by generate. The projection is
// Equal Earth (Šavrič, Patterson, Jenny 2018), on which areas compare and no
// continent looks odd.
package atlas

//go:generate go run ./generate -topology /tmp/atlas/package/land-50m.json
