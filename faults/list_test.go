package faults_test

import (
	"errors"
	"slices"
	"testing"

	"chaosctl/faults"
)

func TestBuiltinIsSortedAndNamesAreUnique(t *testing.T) {
	var kinds, all []string
	for _, k := range faults.Builtin() {
		kinds = append(kinds, k.Spec.Name)
		all = append(all, k.Spec.Name)
		all = append(all, k.Spec.Aliases...)
	}
	diff(t, []string{"kill_primary_mid_write", "partition", "pause"}, kinds)
	slices.Sort(all)
	diff(t, all, faults.Names())
	diff(t, slices.Compact(slices.Clone(all)), all)
}

func TestBuiltinIsTheCallersOwn(t *testing.T) {
	faults.Builtin()[0].Spec.Name = "changed"
	faults.Builtin()[1].Spec.Params[0].Default = "9"
	diff(t, "kill_primary_mid_write", faults.Builtin()[0].Spec.Name)
	diff(t, "partition(nodes=0,direction=both,for=500ms)", parse(t, "partition").String())
}

func TestFits(t *testing.T) {
	tests := map[string]struct{ least, most int }{
		"kill_primary_mid_write": {1, 64},
		"partition":              {2, 64},
		"partition(nodes=2)":     {3, 64},
		"partition(nodes=0+1)":   {3, 64},
		"partition(nodes=63)":    {64, 64},
		"pause":                  {2, 64},
		"pause(node=primary)":    {1, 64},
		"pause(node=2)":          {3, 64},
	}
	for value, test := range tests {
		t.Run(value, func(t *testing.T) {
			fault := parse(t, value)
			for nodes := 1; nodes <= test.most; nodes++ {
				err := fault.Fits(nodes)
				var bad *faults.BadParameter
				switch {
				case nodes >= test.least && err != nil:
					t.Errorf("%d nodes: %v", nodes, err)
				case nodes < test.least && !errors.As(err, &bad):
					t.Errorf("%d nodes: got %v, want a *BadParameter", nodes, err)
				}
			}
		})
	}
}
