package generator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// An ecosystem is what a language's registries, compilers and conventions ask of a project's name.
type ecosystem struct {
	noun     string                          // what the name becomes there
	spell    func(name string) string        // how it is written there
	reserved string                          // spellings that cannot be had, separated by white space
	reason   string                          // what such a spelling is
	complete func(t *Tool, p *Project) error // defaults and checks of further answers

	adopt func(t *Tool, p *Project, dir string) error // answers that an application in dir gives
}

// ecosystems has a row for every language. A new tool is a folder; a new language is a row here and a layer.
var ecosystems = map[string]ecosystem{
	"Go":         {noun: "Go module path", spell: kebab, reserved: goReserved, reason: "the standard library", complete: completeModule, adopt: adoptModule},
	"TypeScript": {noun: "npm package name", spell: kebab, reserved: nodeReserved, reason: "Node's own modules"},
	"Python":     {noun: "Python module name", spell: snake, reserved: pythonReserved, reason: "Python's own names"},
	"Java":       {noun: "Java package name", spell: flat, reserved: javaReserved, reason: "Java's keywords", complete: completePackage, adopt: adoptPackage},
	"Ruby":       {noun: "Ruby constant name", spell: pascal, reserved: rubyReserved, reason: "Ruby's and Rails' own constants"},
}

// Languages returns the languages of tools, in the order in which people are offered them.
func Languages() []string { return []string{"Go", "TypeScript", "Python", "Java", "Ruby"} }

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// maxName leaves room in PostgreSQL's 63 bytes for the _test of the tests' database, and in a DNS label for a suffix.
const maxName = 50

// checkName refuses a name that one of the places it is written into refuses.
func checkName(t *Tool, name string) error {
	err := nameProblem(t, name)
	if err == nil {
		return nil
	}
	return withHint(fmt.Errorf("%s: name %w", t.ID, err), nameHint(t, name))
}

func nameProblem(t *Tool, name string) error {
	eco := ecosystems[t.Language]
	switch {
	case name == "":
		return fmt.Errorf("is missing")
	case len(name) > maxName:
		return fmt.Errorf("%q has %d bytes, the limit is %d", name, len(name), maxName)
	case !nameRule.MatchString(name):
		return fmt.Errorf("%q is not a %s: lower-case letters and digits, a letter first, words joined by - or _", name, eco.noun)
	case among(eco.reserved, eco.spell(name)):
		return fmt.Errorf("%q is not a %s that can be had: %s is among %s", name, eco.noun, eco.spell(name), eco.reason)
	case among(sqlReserved, snake(name)):
		return fmt.Errorf("%q is not a database name: %s is reserved in SQL, or a database of CockroachDB's own", name, snake(name))
	case strings.HasPrefix(snake(name), "pg_") || strings.HasPrefix(snake(name), "crdb_internal"):
		return fmt.Errorf("%q is not a database name: the prefix belongs to the database itself", name)
	}
	for _, r := range t.Reserved {
		if snake(r) == snake(name) {
			return fmt.Errorf("%q is the name of a package that the starter uses", name)
		}
	}
	return nil
}

// nameHint offers the nearest name that is not refused.
func nameHint(t *Tool, name string) string {
	slug := Slug(name)
	letters := strings.TrimLeft(slug, "0123456789-_")
	digits := strings.Trim(slug[:len(slug)-len(letters)], "-_")
	for _, s := range []string{slug, letters + digits, letters, slug + "-app", letters + "-app", "my-app"} {
		if len(s) <= maxName && nameProblem(t, s) == nil {
			return "--name " + s + " is"
		}
	}
	return "--name"
}

// Slug makes a name of what a directory is called: "My App" becomes my-app. The result may still be refused.
func Slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' && b.Len() > 0 {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	slug := strings.Trim(b.String(), "-_")
	return strings.Trim(slug[:min(len(slug), maxName)], "-_")
}

func kebab(name string) string { return strings.ReplaceAll(name, "_", "-") }
func snake(name string) string { return strings.ReplaceAll(name, "-", "_") }
func flat(name string) string  { return strings.ReplaceAll(snake(name), "_", "") }

func pascal(name string) string {
	var b strings.Builder
	for w := range strings.SplitSeq(snake(name), "_") {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// completeModule: without --module it is the name, which is enough until someone imports it.
func completeModule(t *Tool, p *Project) error {
	if p.Module == "" {
		p.Module = p.Name
	}
	first, _, _ := strings.Cut(p.Module, "/")
	err := module.CheckImportPath(p.Module)
	switch {
	case err != nil:
		// The error repeats the path and adds a cause after the last colon.
		_, why, _ := strings.Cut(err.Error(), ": ")
		return withHint(fmt.Errorf("%s: module %q is not a Go module path: %s", t.ID, p.Module, why), "--module github.com/you/"+p.Name)
	case among(goReserved, first):
		return withHint(fmt.Errorf("%s: module %q: %s is among the standard library", t.ID, p.Module, first), "--module github.com/you/"+p.Name)
	case len(p.Module) > 200:
		return withHint(fmt.Errorf("%s: module has %d bytes, the limit is 200", t.ID, len(p.Module)), "--module github.com/you/"+p.Name)
	}
	return nil
}

var packageRule = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

func completePackage(t *Tool, p *Project) error {
	if p.Package == "" {
		p.Package = "com.example." + flat(p.Name)
	}
	elements := strings.Split(p.Package, ".")
	bad := ""
	switch i := slices.IndexFunc(elements, func(e string) bool { return among(javaReserved, e) }); {
	case len(p.Package) > 200:
		bad = "longer than 200 bytes"
	case !packageRule.MatchString(p.Package):
		bad = "lower-case words joined by dots, a letter first in each"
	case i >= 0:
		bad = elements[i] + " is a keyword"
	case elements[0] == "java" || elements[0] == "javax" || elements[0] == "jdk" || elements[0] == "sun":
		bad = elements[0] + " belongs to the JDK"
	}
	if bad != "" {
		return withHint(fmt.Errorf("%s: package %q is not a Java package name: %s", t.ID, p.Package, bad), "--package com.example."+flat(p.Name))
	}
	return nil
}

// among says whether a word is in a list that white space separates.
func among(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// The first elements of the standard library's import paths, and what the go command reserves.
const goReserved = `
	all archive arena bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors
	expvar flag fmt go hash html image index internal io iter log main maps math mime net os path plugin reflect regexp
	runtime simd slices sort std strconv strings structs sync syscall testdata testing text time tool unicode unique
	unsafe vendor weak work`

// Node's built-in modules, and the two names that npm refuses.
const nodeReserved = `
	assert async_hooks async-hooks buffer child_process child-process cluster console constants crypto dgram
	diagnostics-channel dns domain events fs http http2 https inspector module net os path perf-hooks process punycode
	querystring readline repl sea sqlite stream string-decoder sys test timers tls trace-events tty url util v8 vm wasi
	worker-threads zlib node-modules node favicon`

// sys.stdlib_module_names of CPython 3.11 and 3.14 without those that begin with _, and the keywords.
const pythonReserved = `
	and as assert async await break class continue def del elif else except finally for from global if import in is
	lambda match nonlocal not or pass raise return try while with yield none true false
	annotationlib compression
	abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
	builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall
	concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm
	decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp
	fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip
	hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword
	lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt
	multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib
	pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd
	py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy
	sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd
	sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau
	symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit
	tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata
	unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp
	zipfile zipimport zlib zoneinfo`

// The keywords of the Java language and its literals.
const javaReserved = `
	abstract assert boolean break byte case catch char class const continue default do double else enum extends false
	final finally float for goto if implements import instanceof int interface long native new null package private
	protected public return short static strictfp super switch synchronized this throw throws transient true try void
	volatile while record sealed permits var yield`

// Constants of Ruby, its standard library and Rails that an application's module would reopen or shadow.
const rubyReserved = `
	Abbrev ArgumentError ClosedQueueError Delegator DidYouMean EncodingError Errno ErrorHighlight Etc FalseClass Fcntl FiberError
	FrozenError IndexError Interrupt KeyError LoadError LocalJumpError MatchData MonitorMixin NameError NoMatchingPatternError
	NoMemoryError NoMethodError NotImplementedError ObjectSpace Ractor RangeError Readline Refinement RegexpError Reline RuntimeError
	ScriptError SecurityError SignalException SimpleDelegator SizedQueue StandardError StopIteration StringScanner SyntaxError
	SyntaxSuggest SystemCallError SystemExit SystemStackError ThreadError ThreadGroup TracePoint TrueClass TypeError UnboundMethod
	UncaughtThrowError UnicodeNormalize WeakMap ZeroDivisionError
	ActionCable ActionController ActionDispatch ActionMailer ActionPack ActionView ActiveJob ActiveModel
	ActiveRecord ActiveStorage ActiveSupport Application Argf Array Base64 BasicObject Benchmark BigDecimal Binding Bundler
	Class Cgi Comparable Complex Concurrent ConditionVariable Csv Data Date Datetime Debug Destroy Digest Dir Encoding Enumerable
	Enumerator Env Erb Erubi Exception Fiber File Find Float Forwardable Gem Hash Integer Io Ipaddr Irb Json Kernel Kramdown
	Logger Marshal Math Method Minitest Module Monitor Mutex Net NilClass Nokogiri Numeric Object Observer Open3 Openssl Pathname
	Pg Plugin Pp Proc Process Psych Puma Queue Racc Rack Rails Railtie Rake Random Range Rational Rdoc Regexp Ripper Roda
	Ruby Runner Scanf Securerandom Set Shellwords Signal Singleton Socket String Stringio Struct Symbol Tempfile Test Thor Thread
	Time Timeout Tmpdir Tsort Uri Warning Weakref Yaml Zeitwerk Zlib`

// CockroachDB's reserved keywords (docs: "Full SQL Syntax", reserved_keyword) and the databases that a cluster has already.
// The image's entrypoint writes COCKROACH_DATABASE into SQL without quotes.
const sqlReserved = `
	all analyse analyze and any array as asc asymmetric both case cast check collate column concurrently constraint create
	current_catalog current_date current_role current_schema current_time current_timestamp current_user default
	deferrable desc distinct do else end except false fetch for foreign from grant group having in initially intersect
	into lateral leading limit localtime localtimestamp not nothing null offset on only or order placing primary
	references returning select session_user some symmetric table then to trailing true union unique user using
	variadic view when where window with
	system defaultdb postgres template0 template1 public information_schema`
