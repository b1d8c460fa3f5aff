package conn

import (
	"cmp"
	"slices"
	"strconv"
)

// Format writes c as d spells it. Parameters come in one order: sslmode, sslfactory, sslrootcert, sslcert, sslkey,
// options, then the others by name. An error names the parameter that d refuses and d's reason, or says why
// c is no connection at all.
//
// The result holds the password: it is for a file that is ignored and private, never for output.
func Format(c Config, d Dialect) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	if err := c.check(); err != nil {
		return "", err
	}
	if err := d.refused(c); err != nil {
		return "", err
	}
	params, err := d.params(c)
	if err != nil {
		return "", err
	}
	x, _ := d.syntax() // Validate has found it
	return x.format(d.Scheme, c, params), nil
}

// The parameters that matter most come first.
var order = []string{"sslmode", "sslfactory", "sslrootcert", "sslcert", "sslkey", "options"}

func position(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// params are c's parameters in order, in the tool's names.
func (d Dialect) params(c Config) ([]param, error) {
	var list []param
	for name, value := range c.Params {
		if value != "" {
			list = append(list, param{name, value})
		}
	}
	if c.SSLMode() == "verify-full" && c.Params["sslrootcert"]+c.Cert()+c.Key() == "" {
		for name, value := range d.PublicCA {
			if c.Params[name] == "" {
				list = append(list, param{name, value})
			}
		}
	}
	slices.SortFunc(list, func(a, b param) int {
		return cmp.Or(cmp.Compare(position(a.name), position(b.name)), cmp.Compare(a.name, b.name))
	})
	seen := map[string]bool{}
	for i, p := range list {
		if to := d.Rename[p.name]; to != "" {
			list[i].name = to
		}
		if seen[list[i].name] {
			return nil, errTwice(p.name)
		}
		seen[list[i].name] = true
	}
	return list, nil
}

func (c Config) port() string {
	if c.Port == 0 && c.Placeholders {
		return "<port>"
	}
	return strconv.Itoa(int(cmp.Or(c.Port, defaultPort)))
}
