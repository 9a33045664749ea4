// Package password keeps passwords: as argon2id hashes in PHC string form, with
// a bound on how many are made at once, and with a list of those that everyone
// who breaks in tries first. Nobody outside is asked about a password.
package password
