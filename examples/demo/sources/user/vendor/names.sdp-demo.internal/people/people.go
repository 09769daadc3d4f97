// Package people formats names. It comes with the sources, as no module proxy is reachable.
package people

// Name puts the family name first.
func Name(given, family string) string {
	return family + ", " + given
}
