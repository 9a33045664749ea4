// Package picture makes pictures that anyone sent safe to show: it looks at
// what the bytes are, not at what they are called, decodes them within bounds
// of size, memory and time, turns them upright, and writes them anew in a few
// sizes. Nothing of the original file is left but what one sees: no place where
// it was taken, no camera, no hidden second file.
package picture
