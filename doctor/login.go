package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// A fault is why nobody got in, and the step that it belongs to. All steps up to the database find out by one login.
type fault struct {
	step    string
	check   Check
	reached bool   // the cluster itself, which answered
	stop    string // why nothing behind the step makes sense, if the check does not say so
}

// login connects once. After it there is a server or a fault.
func (x *examination) login(ctx context.Context) {
	if x.tried {
		return
	}
	x.tried = true
	if bad := x.clientCertificate(time.Now()); bad != nil {
		x.fault = bad
		return
	}
	config, err := x.driverConfig()
	if err != nil {
		x.fault = &fault{step: "authentication", check: fail("the environment's PG variables keep the driver from starting", x.quote(err.Error()),
			"unset PGSERVICE and PGSERVICEFILE, which drivers that follow libpq obey as well")}
		return
	}
	step, cancel := x.step(ctx)
	defer cancel()
	if x.server, err = pgconn.ConnectConfig(step, config); err != nil {
		f := x.explain(err)
		x.fault = &f
	}
}

// driverConfig is the connection as pgx wants it. The PG variables of the environment count where they do for all
// drivers that follow libpq: they can give a password.
func (x *examination) driverConfig() (*pgconn.Config, error) {
	c := x.config
	c.Params = nil
	text, err := conn.Format(c, conn.Dialect{Syntax: "keyword"})
	if err != nil {
		return nil, err
	}
	// What the environment could say otherwise. TLS is set below.
	text += " sslmode=disable sslrootcert='' sslcert='' sslkey='' sslcertmode=allow sslnegotiation=postgres connect_timeout=0" +
		" target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth=''"
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		if err = errors.Unwrap(err); err == nil { // without its text, which has the password
			err = errors.New("pgx cannot read them")
		}
		return nil, err
	}
	x.user = config.User
	if x.config.Password == "" && config.Password != "" {
		x.borrowed = true
		x.secret = append(x.secret, config.Password)
	}
	config.Fallbacks = nil
	config.RuntimeParams = map[string]string{"application_name": "crdb-init doctor"}
	if options := x.config.Params["options"]; options != "" {
		config.RuntimeParams["options"] = options
	}
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{x.address}, nil }
	config.DialFunc = new(net.Dialer).DialContext
	if x.config.SSLMode() != "disable" {
		config.TLSConfig = &tls.Config{RootCAs: x.roots, ServerName: x.serverName()}
		if x.cert != nil {
			// Go would keep it back where the server does not name its CA, and the server would then say that there is none.
			config.TLSConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return x.cert, nil }
		}
	}
	return config, nil
}

// explain says what a failed login means.
func (x *examination) explain(err error) fault {
	if refusal, refused := errors.AsType[*pgconn.PgError](err); refused {
		step, check := x.refusal(refusal)
		return fault{step: step, check: check, reached: true}
	}
	user := x.quote(x.user)
	alert, isAlert := remote(err)
	var c Check
	switch {
	case isAlert && x.cert != nil:
		c = fail("the server does not accept the client certificate", "it ended TLS with: "+x.quote(alert),
			"have it made by the CA that the nodes trust for clients: cockroach cert create-client "+user+", with their ca.key")
	case isAlert:
		c = fail("the server wants a client certificate", "it ended TLS with: "+x.quote(alert), createClient(user))
	case timedOut(err):
		c = fail("the login was not answered", "no answer within "+short(x.Timeout),
			"see whether the cluster is well: a node without a quorum accepts connections and cannot look up users; or give it longer with --timeout")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		c = fail("the server hung up during the login", "it gave no reason", "see what the node's log says of it")
	default:
		c = fail("the login broke off", x.quote(innermost(err)), "see whether it is a node of CockroachDB that listens there, and what its log says")
	}
	return fault{step: "authentication", check: c}
}

func createClient(user string) string {
	return "cockroach cert create-client " + user + ", and sslcert=<client." + user + ".crt> and sslkey=<client." + user + ".key> in the connection string"
}

// innermost is an error's text without those that wrap it, of which pgconn's name user, database and address.
func innermost(err error) string {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err.Error()
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err.Error()
			}
			err = all[0]
		default:
			return err.Error()
		}
	}
}

// said is an error of the server's in its own words.
func (x *examination) said(e *pgconn.PgError) string {
	return "the server says: " + x.quote(e.Message) + " (" + x.quote(e.Code) + ")"
}

// refusal says what an error of the server's at login means, and which step it belongs to. Texts are matched where they
// say more than their SQLSTATE does, or have had several.
func (x *examination) refusal(e *pgconn.PgError) (string, Check) {
	said := x.said(e)
	user := x.quote(x.user)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(e.Message, w) })
	}
	switch {
	case has("SSL connection required", "server requires encryption"):
		return "tls", fail("the server wants TLS", said, "sslmode=verify-full; and sslrootcert=<CA file>, if the cluster has a CA of its own")

	// CockroachDB Cloud's proxy.
	case has("codeParamsRoutingFailed", "codeSNIRoutingFailed"):
		return "routing", x.lost(said)
	case has("codeProxyRefusedConnection") && has("throttled"):
		return "routing", fail("the cloud's proxy refuses connections for a while", said, "it does so after several wrong passwords: correct the password, and wait a minute")
	case has("codeProxyRefusedConnection"):
		return "routing", fail("the cloud's proxy refuses the connection", said, "see whether this machine's address is on the cluster's IP allowlist, under Networking in the console of CockroachDB Cloud")
	case has("codeUnavailable", "codeBackendDown", "codeBackendDialFailed"):
		return "routing", fail("the cloud's proxy does not reach the cluster", said, "see in the console of CockroachDB Cloud whether the cluster runs, or has reached its limit")

	case missingDatabase(e):
		return "database", x.noDatabase(said)
	case e.Code == "42501":
		return "database", fail(user+" may not use "+x.quote(x.config.Database), said, "GRANT CONNECT ON DATABASE "+identifier(x.config.Database)+" TO "+identifier(x.user))

	case has("certificate is for"):
		return "authentication", fail("the client certificate is not "+user+"'s", said, "use that user in the connection string, or "+createClient(user))
	case has("no TLS peer certificates", "requires a valid client certificate"):
		return "authentication", fail(user+" needs a client certificate", said, createClient(user))
	case has("does not have login privilege", "is not permitted to log in"):
		return "authentication", fail(user+" may not log in", said, "ALTER USER "+identifier(x.user)+" WITH LOGIN")
	case e.Code == "28P01" || has("password authentication failed"):
		return "authentication", x.wrongPassword(said)
	case strings.HasPrefix(e.Code, "28"):
		return "authentication", fail(user+" is not let in", said, "see the cluster setting server.host_based_authentication.configuration, and whether the user exists")
	case e.Code == "53300":
		return "authentication", fail("the server has no room for another connection", said, "lower DB_POOL_MAX of the programs that use it, or raise the server's limit")
	case e.Code == "57P01" || e.Code == "57P03":
		return "authentication", fail("the server is starting or stopping", said, "try again in a moment, or connect through a load balancer")
	}
	return "authentication", fail("the server refuses the connection", said, cmp.Or(x.optional(), "see what the node's log says of it"))
}

// optional is the remedy where options are what the server may have disliked.
func (x *examination) optional() string {
	if x.config.Params["options"] == "" {
		return ""
	}
	return "see whether it is the options in the connection string that it does not like"
}

func (x *examination) wrongPassword(said string) Check {
	user := x.quote(x.user)
	switch {
	case x.config.Password == "" && !x.borrowed && x.cert == nil:
		return fail("the server wants a password for "+user, said+"; the connection string has neither a password nor a client certificate",
			"put the password in the connection string, percent-encoded, or "+createClient(user))
	case x.borrowed && x.cert == nil:
		return fail("the password for "+user+" is wrong, or there is no such user", said+"; the password is not the connection string's, but comes from PGPASSWORD or the password file",
			"correct it there, or put it in the connection string, percent-encoded")
	case user == "root":
		return fail("the password for root is wrong, or root has none", said, "root logs in with a client certificate; make a user of your own for the program: CREATE USER app WITH PASSWORD '…'")
	}
	remedy := "correct user and password, percent-encoded where special (@ is %40); or set a new one: ALTER USER " + user + " WITH PASSWORD '…'"
	if x.cloud() {
		remedy = "correct user and password, percent-encoded where special (@ is %40); or set a new one under SQL Users in the console of CockroachDB Cloud"
	}
	return fail("the password for "+user+" is wrong, or there is no such user", said, remedy)
}

// lost is a cloud's proxy that does not know where to.
func (x *examination) lost(said string) Check {
	id := x.config.RoutingID()
	switch {
	case id != "":
		return fail("the cloud knows no cluster "+x.quote(id), said, "take options=--cluster out where the host names the cluster, or copy the routing id from the connection page in the console of CockroachDB Cloud: funny-skunk-123")
	case !x.sni():
		return fail("the cloud does not know which cluster is meant", said+"; an address, in place of a name, tells it nothing", "use the host of the cluster's connection page, or add options=--cluster%3D<routing-id>")
	}
	return fail("the cloud does not know which cluster is meant", said, "copy the host from the cluster's connection page in the console of CockroachDB Cloud, or add options=--cluster%3D<routing-id>")
}

func (x *examination) routing(ctx context.Context) Check {
	x.login(ctx)
	id := x.config.RoutingID()
	switch {
	case x.fault != nil && x.fault.step == "routing":
		return x.fault.check
	case x.fault != nil && !x.fault.reached:
		return skipped("the login did not get that far")
	case id != "" && x.cloud():
		return ok("options=--cluster names " + x.quote(id) + ", and the cloud knows it")
	case id != "":
		return ok("options=--cluster names " + x.quote(id) + ", and it is accepted")
	case x.cloud():
		return ok("the host names the cluster, and the cloud knows it")
	}
	return skipped("the host is not CockroachDB Cloud's, and options name no cluster")
}

func (x *examination) authentication(ctx context.Context) Check {
	if x.fault != nil && x.fault.step == "authentication" {
		x.stop = x.fault.stop
		return x.fault.check
	}
	user := x.quote(x.user)
	switch {
	case x.cert != nil:
		leaf := x.cert.Leaf
		return ok(user + " is let in, with the client certificate of " + x.quote(subject(leaf)) + ", valid until " + day(leaf.NotAfter))
	case x.config.Password != "":
		return ok(user + " is let in, with the connection string's password")
	case x.borrowed:
		from := "the password file"
		if os.Getenv("PGPASSWORD") != "" {
			from = "PGPASSWORD"
		}
		return warn(user+" is let in, with a password from "+from, "not all drivers look there", "put the password in the connection string, percent-encoded")
	}
	return ok(user + " is let in, without a password")
}

// broken is a step that met something else than its own question.
func (x *examination) broken(err error) Check {
	if e, is := errors.AsType[*pgconn.PgError](err); is {
		return fail("the server refused the question", x.said(e), "see what the node's log says of it")
	}
	x.stop = "the connection broke"
	if timedOut(err) || pgconn.Timeout(err) {
		return fail("the server did not answer", "no answer within "+short(x.Timeout), "see whether the cluster is well, or give it longer with --timeout")
	}
	cause := x.quote(innermost(err))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed) {
		cause = "the server hung up"
	}
	return fail("the connection broke", cause, "see whether the cluster is well and what its logs say")
}

// rows asks the server, and returns all rows as text. NULL is nil.
func (x *examination) rows(ctx context.Context, sql string) ([][][]byte, error) {
	step, cancel := x.step(ctx)
	defer cancel()
	results, err := x.server.Exec(step, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, errors.New("not one answer")
	}
	return results[0].Rows, nil
}

// row asks for one row.
func (x *examination) row(ctx context.Context, sql string) ([]string, error) {
	rows, err := x.rows(ctx, sql)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errors.New("not one row")
	}
	var values []string
	for _, v := range rows[0] {
		values = append(values, string(v))
	}
	return values, nil
}
