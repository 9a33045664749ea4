// Package poster draws the cards that stand for a conference or a post where
// someone shares its address: what it is, when and where, in the colours of its
// city, as a picture of 1200 by 630 pixels.
package poster
