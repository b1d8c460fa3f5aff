package cmd

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// A starter is one run of the root command: what was asked for and what it comes to.
type starter struct {
	app     *app
	options starterOptions

	tool      *generator.Tool
	project   generator.Project
	directory string
	inferred  bool // the deployment, from the connection string
	changes   []generator.Change
	on        generator.OnConflict

	dependencies *dependenciesResult // of the database layer, if only that is written
}

func runStarter(ctx context.Context, a *app, o starterOptions) error {
	s := &starter{app: a, options: o, directory: o.directory}
	library, err := a.library()
	if err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if o.output != "" {
		if err := s.archived(); err != nil {
			return err
		}
	} else if s.project.Tool == "" && isWord(s.directory) {
		return mistyped(library, s.directory, o.commands)
	}
	switch {
	case o.printDependencies:
		return s.printDependencies(library)
	case len(o.only) > 0:
		return s.addLayer(ctx, library)
	case o.output != "":
		return s.pack(ctx, library)
	}
	switch m, err := s.remembered(); {
	case err != nil:
		return err
	case m != nil:
		defer m.root.Close()
		return s.again(ctx, library, m)
	}
	var who asker
	if !o.yes && !a.json && o.url != "-" && o.answers != "-" {
		who = a.asker()
	}
	asked, err := s.answer(ctx, library, who)
	if err != nil {
		return err
	}
	plan, err := s.plan(library)
	if err != nil {
		return err
	}
	if s.changes, err = generator.CompareDir(plan, s.directory); err != nil {
		return err
	}
	if err := s.foreign(); err != nil {
		return err
	}
	if o.dryRun || o.diff {
		return s.preview()
	}
	if conflicts := s.having(string(generator.Conflict)); asked && len(conflicts) > 0 {
		return &generator.ConflictError{Paths: conflicts} // before a yes that would be worth nothing
	}
	if asked {
		fmt.Fprintf(a.err, "\n%s: %s, %s, in %s\n%s\n\n", s.project.Name, s.tool.Title, s.project.Deployment, s.directory, s.command())
		yes, err := who.Confirm(ctx, "Write "+count(len(s.changes), "file")+"?")
		if err != nil {
			return err
		}
		if !yes {
			return context.Canceled
		}
	}
	fresh := isEmpty(s.directory)
	if err := generator.Write(ctx, s.directory, s.changes, s.on); err != nil {
		return err
	}
	s.commit(ctx, fresh)
	return a.print(s.result(), s.summary)
}

// plan renders the starter, with what it remembers of it.
func (s *starter) plan(library fs.FS) ([]generator.File, error) {
	plan, err := generator.Plan(library, s.project)
	if err != nil {
		return nil, err
	}
	if s.app.skeletons != "" { // the built-in ones are proved by our tests
		if err := generator.CheckGo(plan); err != nil {
			return nil, err
		}
	}
	return generator.AddState(plan, s.tool, s.project, Version())
}

// read takes everything that was given, and refuses what can be refused without knowing more.
func (s *starter) read(ctx context.Context) (err error) {
	o := s.options
	if o.url == "-" && o.answers == "-" {
		return usagef("give one of them as a file or as env:NAME", "--url and --answers: both read standard input")
	}
	if s.on, err = generator.ParseOnConflict(o.onConflict); err != nil {
		return usage(fmt.Errorf("--on-conflict: %w", err))
	}
	if o.answers != "" {
		if s.project, err = s.app.readAnswers(ctx, o.answers); err != nil {
			return err
		}
	}
	p := &s.project
	for _, x := range []struct {
		flag string
		to   *string
	}{{o.tool, &p.Tool}, {o.name, &p.Name}, {o.module, &p.Module}, {o.pkg, &p.Package}} {
		if x.flag != "" {
			*x.to = x.flag
		}
	}
	if o.deployment != "" {
		if p.Deployment, err = parseDeployment(o.deployment); err != nil {
			return err
		}
	}
	return nil
}

// answer completes the project and the directory. What was given is checked before anything is asked.
func (s *starter) answer(ctx context.Context, library fs.FS, who asker) (asked bool, err error) {
	p := &s.project
	if p.Tool != "" {
		if s.tool, err = find(library, p.Tool); err != nil {
			return false, err
		}
	}
	if s.directory != "" && s.options.output == "" {
		if err := checkTarget(s.directory); err != nil {
			return false, err
		}
	}
	var given *conn.Config
	if s.options.url != "" {
		if given, err = s.parseURL(ctx); err != nil {
			return false, err
		}
	}
	// What needs the tool and the deployment is checked now if they are known, else after the questions.
	if s.tool != nil {
		if err := s.checkNames(); err != nil {
			return false, err
		}
		if p.Deployment != "" || given != nil || who == nil {
			if err := s.connect(given); err != nil {
				return false, err
			}
		}
	}

	if s.tool == nil {
		if who == nil {
			return false, usagef("crdb-init --tool django ./my-app; crdb-init list names the tools", "--tool: missing")
		}
		if s.tool, err = askTool(ctx, library, who); err != nil {
			return false, err
		}
		asked = true
	}
	if s.directory == "" {
		if who == nil {
			return false, usagef("crdb-init --tool "+s.tool.ID+" ./my-app", "directory: missing")
		}
		preset := "my-app"
		if p.Name != "" {
			preset = p.Name
		}
		if s.directory, err = who.Input(ctx, "Directory", preset, checkDirectory); err != nil {
			return false, err
		}
		asked = true
	}
	if p.Name == "" {
		named, err := s.nameIt(ctx, who)
		if err != nil {
			return false, err
		}
		asked = asked || named
	}
	if p.Deployment == "" && given == nil && who != nil {
		if p.Deployment, err = askDeployment(ctx, who); err != nil {
			return false, err
		}
		asked = true
	}
	if given == nil && p.Deployment != "" && p.Deployment != conn.Local && who != nil {
		if given, err = s.askURL(ctx, who); err != nil {
			return false, err
		}
		asked = true
	}
	if err := s.connect(given); err != nil {
		return false, err
	}
	s.project, err = generator.Resolve(s.tool, *p)
	return asked, usage(err)
}

// checkNames refuses the names that were given. Without a name it looks at the others beside one that is good everywhere.
func (s *starter) checkNames() error {
	p := s.project
	if p.Name == "" {
		p.Name = "my-app"
	}
	_, err := generator.Resolve(s.tool, p)
	return usage(err)
}

// parseURL reads the connection string that --url gives, with what the other flags say about it.
func (s *starter) parseURL(ctx context.Context) (*conn.Config, error) {
	text, err := s.app.readURL(ctx, "--url", s.options.url)
	if err != nil {
		return nil, err
	}
	return s.parse(text)
}

func (s *starter) parse(text string) (*conn.Config, error) {
	c, err := conn.Parse(text)
	if err != nil {
		return nil, usage(fmt.Errorf("--url: %w", err))
	}
	if c, err = s.options.connection.apply(c); err != nil {
		return nil, err
	}
	c, err = s.options.connection.locate(c)
	return &c, err
}

// connect sets the deployment, if it is open, and the connection: the one that was given, or the deployment's example
// with what flags say about it. It can be called again.
func (s *starter) connect(given *conn.Config) error {
	p := &s.project
	thing := "--url"
	if given == nil {
		flag := s.options.connection.first()
		if p.Deployment == "" {
			p.Deployment = conn.Local
		}
		switch {
		case flag == "":
			return nil
		case p.Deployment == conn.Local:
			return usagef("--deployment advanced, or --url env:DATABASE_URL", "%s: a local node without a connection string has no use for it", flag)
		}
		c, err := s.options.connection.apply(conn.Example(p.Deployment))
		if err == nil {
			c, err = s.options.connection.locate(c)
		}
		if err != nil {
			return err
		}
		given, thing = &c, flag
	}
	if p.Deployment == "" {
		p.Deployment, s.inferred = conn.Infer(*given), true
	}
	c, err := secure(thing, s.tool, *given, p.Deployment)
	if err != nil {
		return err
	}
	p.Connection = &c
	return nil
}

// nameIt names the project after its directory, or asks for a name if that one is refused.
func (s *starter) nameIt(ctx context.Context, who asker) (asked bool, err error) {
	abs, err := filepath.Abs(s.directory)
	if err != nil {
		return false, err
	}
	if err := s.checkNames(); err != nil {
		return false, err // not the name's fault
	}
	check := func(name string) error {
		p := s.project
		p.Name = name
		_, err := generator.Resolve(s.tool, p)
		return usage(err)
	}
	name := generator.Slug(filepath.Base(abs))
	if err = check(name); err != nil && who != nil {
		asked = true
		name, err = who.Input(ctx, "Name", "", check)
	}
	s.project.Name = name
	return asked, err
}

func askTool(ctx context.Context, library fs.FS, who asker) (*generator.Tool, error) {
	tools, err := generator.Tools(library)
	if err != nil {
		return nil, err
	}
	var languages, titles []option
	for _, l := range generator.Languages() {
		if slices.ContainsFunc(tools, func(t *generator.Tool) bool { return t.Language == l }) {
			languages = append(languages, option{name: l})
		}
	}
	l, err := who.Select(ctx, "Language", languages, 0)
	if err != nil {
		return nil, err
	}
	tools = slices.DeleteFunc(tools, func(t *generator.Tool) bool { return t.Language != languages[l].name })
	for _, t := range tools {
		titles = append(titles, option{t.Title, t.Summary})
	}
	i, err := who.Select(ctx, "Tool", titles, 0)
	if err != nil {
		return nil, err
	}
	return tools[i], nil
}

func askDeployment(ctx context.Context, who asker) (conn.Deployment, error) {
	all := conn.Deployments()
	var options []option
	for _, d := range all {
		options = append(options, option{d.Title(), d.Description()})
	}
	i, err := who.Select(ctx, "Deployment", options, slices.Index(all, conn.Local))
	if err != nil {
		return "", err
	}
	return all[i], nil
}

// askURL returns nil if no connection string is typed: .env then gets placeholders.
func (s *starter) askURL(ctx context.Context, who asker) (*conn.Config, error) {
	parse := func(text string) (*conn.Config, error) {
		if text = strings.TrimSpace(text); text == "" {
			return nil, nil
		}
		c, err := s.parse(text)
		if err == nil {
			_, err = secure("--url", s.tool, *c, s.project.Deployment)
		}
		return c, err
	}
	text, err := who.Secret(ctx, "Connection string (nothing: fill in .env later)", func(text string) error {
		_, err := parse(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parse(text)
}

// checkDirectory is checkTarget for what was typed at a prompt, where no shell and no flag parser has looked at it.
func checkDirectory(dir string) error {
	switch why := unprintable(dir); {
	case dir == "":
		return usagef("./my-app", "directory: missing")
	case why != "":
		return usagef("./my-app", "directory: %s", why)
	case holdsConnection(dir):
		return usagef("./my-app", "directory: is a connection string")
	}
	return checkTarget(dir)
}

// checkTarget refuses a directory that cannot be one, before the work.
func checkTarget(dir string) error {
	_, err := generator.CompareDir(nil, dir)
	return err
}

// isWord says whether an argument looks like a command: a directory is written as ./word then.
func isWord(s string) bool {
	return s != "" && s != "." && s != ".." && filepath.Base(s) == s && !strings.ContainsAny(s, `/\`) && filepath.VolumeName(s) == ""
}

// mistyped is the error of a word that is none of the commands.
func mistyped(library fs.FS, word string, commands []string) error {
	hint := "crdb-init help names the commands; --tool makes a starter in a directory"
	if t, err := generator.Find(library, word); err == nil {
		hint = "crdb-init --tool " + t.ID + " ./my-app"
	} else if near := generator.Nearest(word, commands); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef(hint, "%q: not a command", word)
}

// command is the run as one line, without questions and without the connection string.
func (s *starter) command() string {
	o, p := s.options, s.project
	words := []string{"crdb-init", "--tool", s.tool.ID}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	if abs, err := filepath.Abs(s.directory); err != nil || generator.Slug(filepath.Base(abs)) != p.Name {
		add("--name", p.Name)
	}
	if p.Module != p.Name {
		add("--module", p.Module)
	}
	add("--package", p.Package)
	add("--deployment", string(p.Deployment))
	if p.Connection != nil && !p.Connection.Placeholders {
		if strings.HasPrefix(o.url, "env:") {
			add("--url", o.url)
		} else {
			add("--url", "env:DATABASE_URL")
		}
	}
	add("--routing-id", o.connection.routingID)
	for _, x := range certificates {
		add(x.flag, x.value(o.connection))
	}
	add("--skeletons", s.app.skeletons)
	if s.on != generator.Fail {
		add("--on-conflict", s.on.String())
	}
	if o.git == gitNever {
		words = append(words, "--no-git")
	}
	words = append(words, argument(s.directory))
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// argument keeps a directory from being read as a flag.
func argument(dir string) string {
	if strings.HasPrefix(dir, "-") {
		return "./" + dir
	}
	return dir
}

// A fileAction is one file of a starter as it is printed.
type fileAction struct {
	Path   string `json:"path"`
	Action string `json:"action"`
	Diff   string `json:"diff,omitempty"`
}

type starterResult struct {
	Version int               `json:"version"`
	Answers generator.Project `json:"answers"`
	Files   []fileAction      `json:"files"`
	Next    []string          `json:"next"`

	Dependencies *dependenciesResult `json:"dependencies,omitempty"` // of the database layer alone
}

func (s *starter) result() starterResult {
	r := starterResult{Version: 1, Answers: s.project, Next: []string{}, Files: []fileAction{}, Dependencies: s.dependencies}
	if s.dependencies == nil {
		r.Next = s.next()
	}
	for _, c := range s.changes {
		f := fileAction{Path: c.Path, Action: s.action(c)}
		if s.options.diff {
			f.Diff = patch(c)
		}
		r.Files = append(r.Files, f)
	}
	return r
}

func (s *starter) action(c generator.Change) string { return action(c, s.on) }

// action says what becomes of a file: create, same, kept, and of a conflict what --on-conflict makes of it.
func action(c generator.Change, on generator.OnConflict) string {
	if k := c.Kind(); k != generator.Conflict || on == generator.Fail {
		return string(k)
	}
	return on.String()
}

func (s *starter) next() []string {
	var lines []string
	if filepath.Clean(s.directory) != "." {
		lines = append(lines, "cd "+shellWord(argument(s.directory)))
	}
	return append(lines, s.tool.NextSteps(s.project.Deployment)...)
}

// preview prints what a run would do. It ends as that run would: with a conflict if there is one.
func (s *starter) preview() error {
	err := s.app.print(s.result(), func(w io.Writer) {
		for _, c := range s.changes {
			if s.options.diff {
				io.WriteString(w, patch(c))
			} else {
				fmt.Fprintf(w, "%-9s  %s\n", s.action(c), c.Path)
			}
		}
	})
	if err != nil || s.on != generator.Fail {
		return err
	}
	if paths := s.having(string(generator.Conflict)); len(paths) > 0 {
		return &generator.ConflictError{Paths: paths}
	}
	return nil
}

// having returns the paths of the files that an action is taken on.
func (s *starter) having(action string) (paths []string) {
	for _, c := range s.changes {
		if s.action(c) == action {
			paths = append(paths, c.Path)
		}
	}
	return paths
}

func (s *starter) summary(w io.Writer) {
	size := 0
	for _, c := range s.changes {
		size += len(c.Data)
	}
	p := s.project
	fmt.Fprintf(w, "%s: %s, %d kB (%s, %s)\n", p.Name, count(len(s.changes), "file"), (size+999)/1000, s.tool.ID, p.Deployment)
	if created := len(s.having(string(generator.Create))); created < len(s.changes) {
		fmt.Fprintf(w, "  created %d, replaced %d, unchanged %d\n", created, len(s.having(generator.Overwrite.String())), len(s.having(string(generator.Same))))
	}
	if left := s.having(generator.Skip.String()); len(left) > 0 {
		fmt.Fprintf(w, "  left as they were: %s\n", strings.Join(left, ", "))
	}
	if s.inferred {
		fmt.Fprintf(w, "  deployment %s, inferred from the URL\n", p.Deployment)
	}
	if kept := s.having(string(generator.Kept)); len(kept) > 0 {
		fmt.Fprintf(w, "  %s kept as it was\n", strings.Join(kept, ", "))
	} else if p.Deployment != conn.Local && (p.Connection == nil || p.Connection.Placeholders) {
		fmt.Fprintf(w, "  .env holds <placeholders>: fill in %s first\n", s.tool.Var(generator.RoleURL))
	}
	fmt.Fprintln(w, "next:")
	for _, line := range s.next() {
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// commit makes the first commit where that is wanted. It never fails a run: the starter is there.
func (s *starter) commit(ctx context.Context, fresh bool) {
	if s.options.git == gitNever {
		return
	}
	err := errNotEmpty
	if fresh {
		err = firstCommit(ctx, s.directory, s.tool.Title+" starter for CockroachDB, made by crdb-init", s.changes)
	}
	// Unasked, the usual reasons not to need no word.
	if err != nil && (s.options.git == gitAsked || !isUsual(err)) {
		fmt.Fprintf(s.app.err, "crdb-init: no first commit: %v\n", err)
	}
}

// isEmpty says whether dir does not exist or holds nothing.
func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return os.IsNotExist(err) || err == nil && len(entries) == 0
}
