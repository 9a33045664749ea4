// Package mail makes letters of what package node queued, in the language of
// their reader, and hands them to the mail server of the operator. Where there
// is none, letters are kept for the stewards to see.
//
// A letter is sent at least once: should the process die between the answer of
// the mail server and writing it down, it is sent again with the same
// Message-ID.
package mail
