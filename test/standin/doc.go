// Package standin holds small servers that stand in for the software konfa talks
// with: each accepts, refuses, fails and forgets as the real one does, as far as
// that was read in its source or seen when it ran, and keeps what its users
// would see. A test asks for that, not for the bytes that were sent.
//
// What all have in common is in Server: TLS, actors, keys, WebFinger, NodeInfo,
// signatures, the log of what came. A file for each software holds its rules;
// every rule names where it comes from. Nothing here uses konfa's own code: a
// mistake made twice would not be seen.
//
// A stand-in that takes too much is worth nothing, so that each has a table of
// documents that it must not take beside it.
package standin
