// Package storage keeps everything konfa knows in SQLite or PostgreSQL: the same
// Go code and the same queries for both, rebound.
//
// A Store has two handles of different types. Reader only reads; its methods are
// on the Store itself. Tx also writes and exists only inside Store.Write. What
// is not there is always a *community.Error with the code NotFound, never a nil
// pointer. SQL does not leave this package.
package storage
