package web

// Words puts a finding into words, for programs without pages: a title, what was
// found, and what to do about it, or "". Lang is a language of the catalogues,
// else English.
func Words() (func(lang, check, key string, args map[string]string) (title, text, do string), error) {
	ts, err := loadTongues()
	if err != nil {
		return nil, err
	}
	return func(lang, check, key string, args map[string]string) (title, text, do string) {
		t, ok := ts.byCode(lang)
		if !ok {
			t = ts.list[0]
		}
		var pairs []any
		for k, v := range args {
			pairs = append(pairs, k, v)
		}
		at := "health." + check + "." + key
		if t.Has(at + "_do") {
			do = t.T(at+"_do", pairs...)
		}
		return t.T("health." + check + ".title"), t.T(at, pairs...), do
	}, nil
}
