// Package palette makes the colours of a city's pages from the one that it
// chose, for light and dark, so that what is written in them can be read: every
// pair of text and ground that the pages use has a contrast of 4.5 to 1 or more
// (WCAG 2.2, 1.4.3), whatever the choice.
package palette
