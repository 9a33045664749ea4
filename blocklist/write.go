package blocklist

import (
	"encoding/csv"
	"io"
	"strconv"

	"konfa/community"
)

// Write writes the blocks of servers as Mastodon imports them.
func Write(w io.Writer, blocks []community.Block) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"}); err != nil {
		return err
	}
	for _, b := range blocks {
		if b.Domain == "" {
			continue
		}
		severity := string(b.Severity)
		if b.Severity == community.NoBlock {
			severity = "noop"
		}
		if err := out.Write([]string{b.Domain, severity, strconv.FormatBool(b.RejectMedia), strconv.FormatBool(b.RejectReports), b.Reason, strconv.FormatBool(b.Obfuscate)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
