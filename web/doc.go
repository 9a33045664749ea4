// Package web is konfa for people and their programs: pages, forms, feeds, the
// calendar, the JSON API and the files they need.
//
// Pages are made on the server, need no script and load nothing from
// elsewhere. Every word of them is in a catalogue. Everything that changes
// state goes through package node; everything shown is read from its store and
// kept rendered for as long as the data stays as it was.
package web
