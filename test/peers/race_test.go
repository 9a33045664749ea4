//go:build race

package peers

// The program is built like the tests: under the race detector.
func init() { buildFlags = append(buildFlags, "-race") }
