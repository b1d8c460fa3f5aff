/**
 * The way to CockroachDB: a pool, transactions that are run again when they must be, and migrations. It
 * knows neither the program's configuration nor what it stores.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { ConnectionError, type Options, Sequelize } from "sequelize";
import "sequelize-cockroachdb"; // changes Sequelize where CockroachDB differs from PostgreSQL
import { databaseDoesNotExist, isTransient, OutcomeUnknownError, UnavailableError } from "./errors.ts";
import { serverError, sqlState } from "./sqlstate.ts";

const connectTimeout = 3_000;
const acquireTimeout = 3_000;
const lifetime = 5 * 60_000; // new nodes of a cluster get their share
const closeTimeout = 2_000;

export interface PoolOptions {
  applicationName: string; // unless the connection string has one
  maxConnections: number;
  maxRetries: number; // of one transaction, after SQLSTATE 40001
  statementTimeout: number; // milliseconds, kept by the server; 0 leaves it to the server
}

/** The one connection that is taken within withConnection. */
export interface Loan {
  readonly signal: AbortSignal;
  waiting: AbortSignal | undefined; // while it is waited for: aborts when that has taken long enough
  client: pg.Client | undefined; // as soon as it is there
}

/** A connection died in the pool, which says nothing about the database. */
class StaleConnectionError extends Error {}

export class Pool {
  readonly maxRetries: number;
  readonly sequelize: Sequelize;
  readonly #database: string;
  readonly #loans = new AsyncLocalStorage<Loan>();
  readonly #expiry = new WeakMap<object, number>(); // when a connection has lived long enough
  readonly #lent = new WeakSet<object>(); // the connections that have been
  readonly #broken = new WeakSet<object>();

  /** Makes the pool, but no connection: the database may be down. */
  constructor(connectionString: string, options: PoolOptions) {
    const {
      host = "localhost",
      port = 26257,
      database = "",
      user = "",
      password = "",
      ...parameters
    } = parse(connectionString);
    this.maxRetries = options.maxRetries;
    this.#database = database;
    const settings: Options & { databaseVersion: string; keepDefaultTimezone: boolean } = {
      dialect: "postgres",
      databaseVersion: "13.0.0", // as CockroachDB says; Sequelize would open a connection of its own to ask
      host,
      port,
      database,
      username: user,
      password,
      logging: false,
      keepDefaultTimezone: true, // a TIMESTAMPTZ comes with its own; this saves a SET on every new connection
      dialectOptions: {
        application_name: options.applicationName,
        ...parameters,
        statement_timeout: options.statementTimeout,
        keepAlive: true,
        connectionTimeoutMillis: connectTimeout,
        clientMinMessages: "ignore", // and so does this
        cockroachdbTelemetryDisabled: parameters.cockroachdbTelemetryDisabled !== "false",
      },
      pool: {
        max: options.maxConnections,
        acquire: acquireTimeout,
        idle: lifetime,
        validate: (client) => this.#isUsable(client as pg.Client),
      },
      hooks: {
        afterConnect: (client) => this.#watch(client as pg.Client),
        beforePoolAcquire: () => this.#startWaiting(),
        afterPoolAcquire: (client) => this.#lend(client as pg.Client),
      },
    };
    this.sequelize = new Sequelize(settings);
    // After the adapter's, which makes a string of an INT8 that a number cannot hold, and rounds negative ones.
    pg.types.setTypeParser(pg.types.builtins.INT8, safeInteger);
  }

  /**
   * Runs a function in which Sequelize takes one connection: for one query, or for a transaction. When the
   * signal aborts, the connection is closed under it, whatever the server does. A connection that broke, or a
   * server in no state to answer, is an UnavailableError.
   */
  async withConnection<T>(signal: AbortSignal, run: (loan: Loan) => Promise<T>): Promise<T> {
    for (;;) {
      const loan: Loan = { signal, waiting: undefined, client: undefined };
      try {
        return await this.#loans.run(loan, () => untilAborted(loan, () => run(loan)));
      } catch (error) {
        if (!(error instanceof StaleConnectionError)) {
          throw this.#explain(error, loan);
        }
      }
    }
  }

  /** Runs a query. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.withConnection(signal, () => this.sequelize.authenticate());
  }

  /** Does not wait for a database that no longer answers. */
  async close(): Promise<void> {
    await Promise.race([this.sequelize.close(), setTimeout(closeTimeout, undefined, { ref: false })]);
  }

  /** Keeps what Sequelize does not know about a new connection. It listens for its error event, too. */
  #watch(client: pg.Client): void {
    client.on("error", () => this.#broken.add(client));
    this.#expiry.set(client, Date.now() + lifetime * (0.9 + 0.1 * Math.random()));
  }

  #isUsable(client: pg.Client): boolean {
    return !this.#broken.has(client) && Date.now() < (this.#expiry.get(client) ?? 0);
  }

  #startWaiting(): void {
    const loan = this.#loans.getStore();
    if (loan?.waiting || loan?.client) {
      throw new Error("a second query at once, or one in a transaction without { transaction }");
    }
    if (loan) {
      loan.waiting = AbortSignal.any([loan.signal, AbortSignal.timeout(acquireTimeout)]);
    }
  }

  /** Lends a connection that answers. To ask costs a round trip, and saves those who would get a dead one. */
  async #lend(client: pg.Client): Promise<void> {
    const loan = this.#loans.getStore();
    if (!loan?.waiting) {
      return;
    }
    const reused = this.#lent.has(client);
    this.#lent.add(client);
    const close = () => destroy(client);
    loan.waiting.addEventListener("abort", close, { once: true });
    try {
      loan.waiting.throwIfAborted();
      await client.query("SELECT 1");
    } catch (error) {
      void this.sequelize.connectionManager.destroyConnection(client);
      throw reused && !loan.waiting.aborted ? new StaleConnectionError("", { cause: error }) : error;
    } finally {
      loan.waiting.removeEventListener("abort", close);
    }
    loan.waiting = undefined;
    loan.client = client;
  }

  #explain(error: unknown, loan: Loan): unknown {
    if (error instanceof OutcomeUnknownError) {
      return error;
    }
    if (loan.waiting) {
      return new UnavailableError("no connection", { cause: this.#wayOut(error) });
    }
    const broken = loan.client && this.#broken.has(loan.client);
    if (broken || loan.signal.aborted || isTransient(sqlState(error))) {
      return new UnavailableError("database unavailable", { cause: error });
    }
    return error;
  }

  /** The error that Sequelize made its own of; with the way out, where everyone meets it once. */
  #wayOut(error: unknown): unknown {
    const said = serverError(error);
    if (said?.code === databaseDoesNotExist) {
      said.message += `; create it with: CREATE DATABASE ${pg.escapeIdentifier(this.#database)}`;
    }
    return (error instanceof ConnectionError && error.parent) || error;
  }
}

type UrlConfig = pg.ClientConfig & { password?: string; cockroachdbTelemetryDisabled?: string };

function parse(connectionString: string): UrlConfig {
  let config: UrlConfig;
  try {
    config = parseIntoClientConfig(connectionString) as UrlConfig;
  } catch {
    // What the parser says may show the password.
    throw new Error("Sequelize refuses the connection string; check its parameters");
  }
  if (typeof config.ssl === "object") {
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot say otherwise.
    config.ssl = { ...config.ssl, rejectUnauthorized: true };
  }
  return config;
}

/** INT8 comes as text, because a number cannot hold all of it. Here it is a number, or an error. */
function safeInteger(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n)) {
    throw new RangeError(`INT8 ${text} is beyond what a number holds exactly; select it as STRING`);
  }
  return n;
}

/** Runs a function; when the signal aborts, closes the connection, or waits for none, so that this rejects. */
async function untilAborted<T>(loan: Loan, run: () => Promise<T>): Promise<T> {
  const { signal } = loan;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => (loan.client ? destroy(loan.client) : reject(signal.reason));
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Closes a connection without a goodbye, which a server that hangs would not hear. */
function destroy(client: pg.Client): void {
  client.connection.stream.destroy();
}
