// Package federation is the side of konfa that other servers see: the
// addresses at which actors, objects and collections live, the inbox, and the
// sending of what the node publishes.
//
// In: a request to an inbox is judged (inbox.go: size, type, rate, blocks,
// signature, origin), kept, and answered 202; workers (received.go) read what
// was kept and hand it to package node (dispatch.go and the inbox_*.go files,
// one per family of activities).
//
// Out: node writes an activity and a fan-out in one transaction; the fan-out
// becomes one delivery per inbox (fanout.go, profile.go), and a lane per host
// (lanes.go, lane.go, send.go) signs and sends.
//
// Trust goes by origin (FEP-fe34): what a server says about its own objects is
// believed, everything else is fetched from where it lives.
package federation
