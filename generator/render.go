package generator

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Delimiters of all templates. They meet neither GitHub Actions' ${{ }} nor Go's and JSX's {{, TOML's and bash's [[ or ERB's <%.
const left, right = "{~", "~}"

// data is what templates see. It holds nothing of the connection.
type data struct {
	Name       string          // my-app
	Module     string          // Go: github.com/you/my-app
	Package    string          // Java: com.example.myapp
	Snake      string          // my_app
	Pascal     string          // MyApp
	Database   string          // my_app
	Deployment conn.Deployment // for .env, .env.example and the README's first section alone
	Tool       *Tool
	Env        []Var
	URLVar     string // DATABASE_URL
	TestURLVar string // TEST_DATABASE_URL
	Next       []string
}

// secretData is what the template of .env sees: any other that asks for .URL fails.
type secretData struct {
	data
	URL string
}

// A renderer executes the templates of one project.
type renderer struct {
	skeletons fs.FS
	set       *template.Template // all files and partials that were parsed: they share the functions
	data      data
	url       string
	partials  map[string]bool // by name; false while it is being read
}

func newRenderer(skeletons fs.FS, t *Tool, p Project) (*renderer, error) {
	c, err := p.connection()
	if err != nil {
		return nil, err
	}
	url, err := conn.Format(c, t.Dialect)
	if err != nil {
		return nil, err
	}
	r := &renderer{skeletons: skeletons, url: url, partials: map[string]bool{}}
	r.data = data{
		Name: p.Name, Module: p.Module, Package: p.Package,
		Snake: snake(p.Name), Pascal: pascal(p.Name), Database: snake(p.Name),
		Deployment: p.Deployment, Tool: t, Env: t.Env,
		URLVar: t.Var(RoleURL), TestURLVar: t.Var(RoleTestURL),
		Next: t.NextSteps(p.Deployment),
	}
	funcs := functions()
	funcs["version"] = t.version
	funcs["command"] = t.Commands.ByName
	funcs["localURL"] = func(host, database string) (string, error) {
		c := p.example(conn.Local)
		c.Host, c.Database = host, database
		return conn.Format(c, t.Dialect)
	}
	funcs["exampleURL"] = func(d conn.Deployment) (string, error) {
		return conn.Format(p.example(d), t.Dialect)
	}
	r.set = template.New("").Delims(left, right).Option("missingkey=error").Funcs(funcs)
	return r, nil
}

// render executes one template. Errors carry file, line and column.
func (r *renderer) render(name string, text []byte, secret bool) ([]byte, error) {
	if !bytes.Contains(text, []byte(left)) {
		return text, nil // half of Go's sources are templates by name alone
	}
	t, err := r.parse(name, string(text))
	if err != nil {
		return nil, err
	}
	var d any = r.data
	if secret {
		d = secretData{r.data, r.url}
	}
	var b bytes.Buffer
	b.Grow(2 * len(text))
	if err := t.Execute(&b, d); err != nil {
		return nil, templateError(err)
	}
	return b.Bytes(), nil
}

// parse reads a template under its full path, and the partials that it and they call.
func (r *renderer) parse(name, text string) (*template.Template, error) {
	t, err := r.set.New(name).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	for _, called := range calls(t.Tree) {
		if err := r.partial(called); err != nil {
			return nil, fmt.Errorf("%s: template %q: %w", name, called, err)
		}
	}
	return t, nil
}

// partial reads the partial called name, once.
func (r *renderer) partial(name string) error {
	if whole, begun := r.partials[name]; begun {
		if !whole {
			return errors.New("calls itself")
		}
		return nil
	}
	r.partials[name] = false
	file := path.Join(partials, name+attrTemplate)
	text, err := fs.ReadFile(r.skeletons, file)
	if err != nil {
		return err
	}
	p, err := r.parse(file, string(text))
	if err != nil {
		return err
	}
	r.partials[name] = true
	_, err = r.set.AddParseTree(name, p.Tree) // under the name it is called by; its errors name the file
	return err
}

// calls returns the names of the templates that t calls.
func calls(t *parse.Tree) []string {
	var names []string
	var walk func(n parse.Node)
	list := func(l *parse.ListNode) {
		if l != nil {
			walk(l)
		}
	}
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			for _, n := range n.Nodes {
				walk(n)
			}
		case *parse.TemplateNode:
			names = append(names, n.Name)
		case *parse.IfNode:
			list(n.List)
			list(n.ElseList)
		case *parse.RangeNode:
			list(n.List)
			list(n.ElseList)
		case *parse.WithNode:
			list(n.List)
			list(n.ElseList)
		}
	}
	list(t.Root)
	return names
}

// templateError takes off what text/template puts before the place.
func templateError(err error) error {
	return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
}

// fromSprig are those of sprig's functions that templates may use. Its hermetic map is no such list: it still holds clocks,
// dice and map order.
var fromSprig = []string{
	"add", "contains", "default", "dict", "first", "hasPrefix", "hasSuffix", "indent", "join", "last", "list", "lower",
	"nindent", "repeat", "replace", "rest", "splitList", "sub", "ternary", "trim", "trimPrefix", "trimSuffix", "upper",
}

// functions returns those that know nothing of the project. Each of the quoting ones writes a string as a literal of its format.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	funcs := template.FuncMap{
		"json": quoteJSON, "yaml": quoteJSON, "toml": quoteJSON, "java": quoteJSON, "js": quoteJSON, "goquote": strconv.Quote,
		"python": quoteSingle, "ruby": quoteSingle, "xml": quoteXML, "sh": shellLine, "dotenv": quoteDotenv,
	}
	for _, name := range fromSprig {
		funcs[name] = all[name]
	}
	return funcs
}

// quoteJSON writes a value as JSON, on one line. A string's is a literal of YAML, TOML, Java and JavaScript too.
func quoteJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// quoteSingle writes a string literal in single quotes, in which Python and Ruby expand nothing.
func quoteSingle(s string) (string, error) {
	if strings.ContainsAny(s, "\n\r") {
		return "", fmt.Errorf("a line break in a literal")
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'", nil
}

// quoteXML escapes text for an element or for an attribute in either quotes.
func quoteXML(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

// quoteDotenv writes a value in the one way that Node, python-dotenv, Ruby's dotenv and a shell's source read alike.
func quoteDotenv(s string) (string, error) {
	if strings.ContainsAny(s, "'\n\r") {
		return "", fmt.Errorf("a quote or a line break, which a value in .env cannot have")
	}
	return "'" + s + "'", nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// shellLine writes argument vectors as a line for a POSIX shell, one command after the other; a single word it quotes.
func shellLine(v any) (string, error) {
	quote := func(s string) string {
		if plainWord.MatchString(s) {
			return s
		}
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	switch v := v.(type) {
	case string:
		return quote(v), nil
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = quote(s)
		}
		return strings.Join(quoted, " "), nil
	case [][]string:
		lines := make([]string, len(v))
		for i, argv := range v {
			lines[i], _ = shellLine(argv)
		}
		return strings.Join(lines, " && "), nil
	}
	return "", fmt.Errorf("sh: %T is neither a word nor a command", v)
}
