// Package community is the domain of konfa: a city, its conferences and the
// guests who come to them, its posts, its members, and the rules between them.
//
// It is pure: no clock, no network, no database. Every function gets what it
// needs as arguments, so that each rule can be tested on its own. It imports
// nothing else of konfa.
package community
