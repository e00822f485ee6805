package collector

import "github.com/flowpipeline/pipeline/flow"

// ExtensionName returns the name of a field, and "" for one that cannot be.
func ExtensionName(x flow.Extender) string {
	l, err := flow.NewLayout(x)
	if err != nil || len(l.Extensions()) == 0 {
		return ""
	}
	return l.Info(l.Extensions()[0]).Name
}
