// Command konfa is the home of a city community in the fediverse: one program
// that serves a city's node, and the commands that steward it.
//
// This package holds the commands, the configuration and the wiring, and
// nothing else. Every command works on the same data as a running
// "konfa serve", which delivers what they cause.
package main
