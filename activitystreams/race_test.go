//go:build race

package activitystreams

func init() { patience *= 10 }
