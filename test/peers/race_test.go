//go:build race

package peers

// The program is built like the tests, under the race detector, and slow then.
func init() {
	buildFlags = append(buildFlags, "-race")
	within *= 3
}
