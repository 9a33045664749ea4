package activitystreams

// Addressed is an object that an activity brought: addressed as the activity is,
// and of its actor, where the object itself says neither. Events of Hubzilla do
// not.
func Addressed(object []byte, env *Envelope) ([]byte, error) {
	v, err := parseObjectTo(object, 1)
	if err != nil {
		return nil, err
	}
	with := pairs{}
	if v.get("to") == nil && v.get("cc") == nil {
		with = append(with, pair{"to", env.To}, pair{"cc", env.Cc})
	}
	if v.get("attributedTo") == nil && v.property("actor").id() == "" {
		with = append(with, pair{"attributedTo", env.Actor})
	}
	if len(with) == 0 {
		return object, nil
	}
	var w writer
	w.out.WriteByte('{')
	for i, key := range v.keys {
		w.string(key)
		w.out.WriteByte(':')
		w.out.Write(v.items[i].raw)
		w.out.WriteByte(',')
	}
	for i, p := range with {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.member(p.key, p.value); err != nil {
			return nil, err
		}
	}
	w.out.WriteByte('}')
	return w.out.Bytes(), nil
}
