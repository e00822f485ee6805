package flow

// enumValue is one named value of an enumerated field.
type enumValue struct {
	number uint64
	text   string
}

// EnumText returns the name of a value of an enumerated field, and "" where
// there is none.
func EnumText(f Field, value uint64) string {
	if info := f.Info(); info != nil {
		for i := range info.enum {
			if info.enum[i].number == value {
				return info.enum[i].text
			}
		}
	}
	return ""
}

// EnumValue returns the value of an enumerated field that a name stands for, IP
// protocols by the keywords of IANA's registry too, and false where there is
// none. Case, spaces, dashes and underscores do not count.
func EnumValue(f Field, name string) (uint64, bool) {
	info := f.Info()
	if info == nil || info.enum == nil || name == "" {
		return 0, false
	}
	if info.Enum == "Proto" { // the registry's keywords come first: peers write them
		if v, ok := findName(protocols, name); ok {
			return v, true
		}
	}
	return findName(info.enum, name)
}

func findName(values []enumValue, name string) (uint64, bool) {
	for i := range values {
		if v := &values[i]; v.text == name {
			return v.number, true
		}
	}
	for i := range values {
		if v := &values[i]; sameName(v.text, name) {
			return v.number, true
		}
	}
	return 0, false
}

// sameName compares names without regard to case and gaps.
func sameName(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && isGap(a[i]) {
			i++
		}
		for j < len(b) && isGap(b[j]) {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i, j = i+1, j+1
	}
}

func isGap(c byte) bool { return c == ' ' || c == '_' || c == '-' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
