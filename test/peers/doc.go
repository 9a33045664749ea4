// Package peers holds the tests in which the real program talks with other
// servers over real TLS: with itself, two and three cities at a time, with an
// independent implementation of ActivityPub (fedify, in ../fedify), with a
// stand-in for each software there is (../standin), with a certificate authority
// (pebble), and with servers that mean harm.
//
// Everything listens on loopback addresses only, and every process that a test
// starts ends with it. What is missing here (npm packages, PostgreSQL, pebble)
// skips the tests that need it, and fails them where KONFA_TEST_ALL is set, as
// make test sets it after installing all of it.
package peers
