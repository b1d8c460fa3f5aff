/**
 * The way to CockroachDB: a pool, transactions that are run again when they must be, and migrations. It
 * knows neither the program's configuration nor what it stores.
 */
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { databaseDoesNotExist, isTransient, OutcomeUnknownError, UnavailableError } from "./errors.ts";
import { sqlState } from "./sqlstate.ts";

const connectTimeout = 3_000;
const acquireTimeout = 3_000;
const lifetime = 5 * 60; // seconds: new nodes of a cluster get their share
const closeTimeout = 2_000;

export interface PoolOptions {
  applicationName: string; // unless the connection string has one
  maxConnections: number;
  maxRetries: number; // of one transaction, after SQLSTATE 40001
  statementTimeout: number; // milliseconds, kept by the server; 0 leaves it to the server
}

export class Pool {
  readonly maxRetries: number;
  readonly #pool: pg.Pool;
  readonly #database: string;
  readonly #broken = new WeakMap<pg.ClientBase, Error>(); // why a connection is of no more use

  /** Makes the pool, but no connection: the database may be down. */
  constructor(connectionString: string, options: PoolOptions) {
    const config = parse(connectionString);
    this.maxRetries = options.maxRetries;
    this.#database = config.database ?? "";
    this.#pool = new pg.Pool({
      application_name: options.applicationName,
      ...config,
      statement_timeout: options.statementTimeout,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeout,
      max: options.maxConnections,
      maxLifetimeSeconds: lifetime,
      idleTimeoutMillis: 0, // never: its lifetime ends it
      types: { getTypeParser },
    });
    // An error event that no one listens to would end the process. The pool drops a connection that broke
    // while it was idle; of one in use the query tells, and withClient drops it.
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => {
      client.on("error", (error) => this.#broken.set(client, error));
    });
  }

  /**
   * Lends a connection. When the signal aborts, the connection is closed under the function, whatever the
   * server does. A connection that broke, or a server in no state to answer, is an UnavailableError.
   */
  async withClient<T>(signal: AbortSignal, use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#acquire(signal);
    try {
      return await untilAborted(client, signal, () => use(client));
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        throw error;
      }
      if (this.#broken.has(client) || signal.aborted || isTransient(sqlState(error))) {
        throw new UnavailableError("database unavailable", { cause: error });
      }
      throw error;
    } finally {
      this.#release(client);
    }
  }

  /** Runs a query. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.withClient(signal, (client) => client.query("SELECT 1"));
  }

  /** Does not wait for a database that no longer answers. */
  async close(): Promise<void> {
    await Promise.race([this.#pool.end(), setTimeout(closeTimeout, undefined, { ref: false })]);
  }

  async #acquire(signal: AbortSignal): Promise<pg.PoolClient> {
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(acquireTimeout)]);
    for (;;) {
      const reused = this.#pool.idleCount > 0;
      try {
        return await this.#connect(waiting);
      } catch (error) {
        // A connection that died in the pool says nothing about the database; a new one does.
        if (!reused || waiting.aborted) {
          throw new UnavailableError("no connection", { cause: this.#explain(error) });
        }
      }
    }
  }

  /** Takes a connection that answers. That costs a round trip, and saves those who would get a dead one. */
  async #connect(signal: AbortSignal): Promise<pg.PoolClient> {
    signal.throwIfAborted();
    const connecting = this.#pool.connect();
    const client = await orAborted(connecting, signal);
    if (client === undefined) {
      connecting.then(
        (late) => this.#release(late),
        () => undefined,
      );
      throw signal.reason;
    }
    try {
      await untilAborted(client, signal, () => client.query("SELECT 1"));
      return client;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }

  /** Gives back what is whole and in no transaction; the rest is closed. */
  #release(client: pg.PoolClient): void {
    client.release(this.#broken.get(client) ?? client.getTransactionStatus() !== "I");
  }

  /** Adds the way out to an error that everyone meets once. */
  #explain(error: unknown): unknown {
    if (error instanceof pg.DatabaseError && error.code === databaseDoesNotExist) {
      error.message += `; create it with: CREATE DATABASE ${pg.escapeIdentifier(this.#database)}`;
    }
    return error;
  }
}

function parse(connectionString: string): pg.ClientConfig {
  let config: pg.ClientConfig;
  try {
    config = parseIntoClientConfig(connectionString);
  } catch {
    // What the parser says may show the password.
    throw new Error("node-postgres refuses the connection string; check its parameters");
  }
  if (typeof config.ssl === "object") {
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot say otherwise.
    config.ssl = { ...config.ssl, rejectUnauthorized: true };
  }
  return config;
}

/** INT8 comes as text, because a number cannot hold all of it. Here it is a number, or an error. */
const getTypeParser: typeof pg.types.getTypeParser = (oid, format) => {
  return oid === pg.types.builtins.INT8 && format !== "binary"
    ? safeInteger
    : pg.types.getTypeParser(oid, format);
};

function safeInteger(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n)) {
    throw new RangeError(`INT8 ${text} is beyond what a number holds exactly; select it as STRING`);
  }
  return n;
}

/** Runs a function; when the signal aborts, closes the connection, so that its query rejects. */
async function untilAborted<T>(
  client: pg.PoolClient,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const close = () => void client.end(); // which does not wait for a query that is running
  signal.addEventListener("abort", close, { once: true });
  try {
    return await run();
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** What the promise resolves to, or undefined if the signal aborts first. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const abort = () => resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
