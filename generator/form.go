package generator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Form is something that a user of a tool pastes: a connection string, or the settings that stand for one.
// It is shown, and is not what .env holds.
type Form struct {
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Deployments []conn.Deployment `json:"deployments,omitempty"` // none is all
	Dialect     *conn.Dialect     `json:"dialect,omitempty"`     // none is the tool's
	Text        Text              `json:"text,omitempty"`        // a template over formData; none is the URL
	Snippet     Snippet           `json:"snippet,omitzero"`
}

// Snippet is where a form goes, in code.
type Snippet struct {
	File string `json:"file"`
	Text Text   `json:"text"` // a template over formData
}

// Text is a string, or its lines, in JSON.
type Text string

func (t *Text) UnmarshalJSON(b []byte) error {
	var lines []string
	if err := json.Unmarshal(b, &lines); err == nil {
		*t = Text(strings.Join(lines, "\n"))
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

// formData is what the templates of forms see: one connection.
type formData struct {
	URL                             string // as the form's dialect spells it
	User, Password, Host, Database  string
	Port                            string
	SSLMode, CA, Cert, Key, Options string
	RoutingID                       string
	TLS                             bool
	Deployment                      conn.Deployment
	Form                            string // the form's own text, for its snippet
}

func (f Form) check() error {
	if f.Name == "" || f.Title == "" {
		return errors.New("name or title: missing")
	}
	for _, d := range f.Deployments {
		if !slices.Contains(conn.Deployments(), d) {
			return fmt.Errorf("%s: deployment %q: not known", f.Name, d)
		}
	}
	if f.Dialect != nil {
		if err := f.Dialect.Validate(); err != nil {
			return fmt.Errorf("%s: dialect: %w", f.Name, err)
		}
	}
	return nil
}

// FormsFor returns the forms that a tool has for a deployment, the default first.
func (t *Tool) FormsFor(d conn.Deployment) []Form {
	var forms []Form
	for _, f := range t.Forms {
		if len(f.Deployments) == 0 || slices.Contains(f.Deployments, d) {
			forms = append(forms, f)
		}
	}
	return forms
}

// Form returns the form called name, or the default for the deployment if name is empty.
func (t *Tool) Form(name string, d conn.Deployment) (Form, error) {
	forms := t.FormsFor(d)
	var names []string
	for _, f := range forms {
		if f.Name == name || name == "" {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Form{}, withHint(fmt.Errorf("%s: form %q: none for %s", t.ID, name, d), "its forms: "+strings.Join(names, ", "))
}

// Write returns the form's text and its snippet for a connection, passwords included.
func (f Form) Write(t *Tool, c conn.Config, d conn.Deployment) (text, snippet string, err error) {
	dialect := t.Dialect
	if f.Dialect != nil {
		dialect = *f.Dialect
	}
	url, err := conn.Format(c, dialect)
	if err != nil {
		return "", "", err
	}
	port := fmt.Sprint(c.Port)
	switch {
	case c.Port == 0 && c.Placeholders:
		port = "<port>"
	case c.Port == 0:
		port = "26257"
	}
	data := formData{
		URL: url, User: c.User, Password: c.Password, Host: c.Host, Database: c.Database, Port: port,
		SSLMode: c.SSLMode(), CA: c.CA(), Cert: c.Cert(), Key: c.Key(), Options: c.Params["options"], RoutingID: c.RoutingID(),
		TLS: c.SSLMode() != "disable", Deployment: d, Form: url,
	}
	if f.Text != "" {
		if data.Form, err = executeForm(t.ID+" "+f.Name, string(f.Text), data); err != nil {
			return "", "", err
		}
	}
	snippet, err = executeForm(t.ID+" "+f.Name+" snippet", string(f.Snippet.Text), data)
	return data.Form, snippet, err
}

func executeForm(name, text string, data formData) (string, error) {
	tmpl, err := template.New(name).Delims(left, right).Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return "", templateError(err)
	}
	var b strings.Builder
	if err := tmpl.Execute(&b, data); err != nil {
		return "", templateError(err)
	}
	return b.String(), nil
}
