/**
 * The way to CockroachDB: TypeORM's data source and its pool, transactions that are run again when they must
 * be, and migrations. It knows neither the program's configuration nor what it stores.
 */
import { setTimeout } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { DataSource, getMetadataArgsStorage, type QueryRunner } from "typeorm";
import type { CockroachDataSourceOptions } from "typeorm/driver/cockroachdb/CockroachDataSourceOptions.js";
import type { CockroachDriver } from "typeorm/driver/cockroachdb/CockroachDriver.js";
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
  readonly #dataSource: DataSource;
  #opening: Promise<void> | undefined;
  #isOpen = false;

  /** Makes the pool, but no connection: the database may be down. */
  constructor(connectionString: string, options: PoolOptions) {
    this.maxRetries = options.maxRetries;
    this.#dataSource = new DataSource(dataSourceOptions(connectionString, options));
  }

  /**
   * Lends a connection. When the signal aborts, the connection is closed under the function, whatever the
   * server does. A connection that broke, or a server in no state to answer, is an UnavailableError.
   */
  async withQueryRunner<T>(signal: AbortSignal, use: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const { runner, client } = await this.#acquire(signal);
    try {
      return await untilAborted(client, signal, () => use(runner));
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        throw error;
      }
      // TypeORM has released a connection that broke.
      if (runner.isReleased || signal.aborted || isTransient(sqlState(error))) {
        throw new UnavailableError("database unavailable", { cause: error });
      }
      throw error;
    } finally {
      await release({ runner, client });
    }
  }

  /** Runs a query. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.withQueryRunner(signal, (runner) => runner.query("SELECT 1"));
  }

  /** Does not wait for a database that no longer answers. */
  async close(): Promise<void> {
    const closed = this.#isOpen && this.#dataSource.destroy();
    await Promise.race([closed, setTimeout(closeTimeout, undefined, { ref: false })]);
  }

  get #driver(): CockroachDriver {
    return this.#dataSource.driver as CockroachDriver;
  }

  async #acquire(signal: AbortSignal): Promise<Connection> {
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(acquireTimeout)]);
    for (;;) {
      const reused = this.#isOpen ? this.#driver.master.idleCount > 0 : this.#opening !== undefined;
      try {
        await orAborted(this.#open(), waiting);
        return await this.#connect(waiting);
      } catch (error) {
        // A connection that died in the pool, or an attempt that began earlier, says nothing about the
        // database; a new one does.
        if (!reused || waiting.aborted) {
          throw new UnavailableError("no connection", { cause: this.#explain(error) });
        }
      }
    }
  }

  /** TypeORM connects when it is initialized. That is tried when it is needed, until it succeeds, one at a time. */
  #open(): Promise<void> {
    this.#opening ??= this.#initialize().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #initialize(): Promise<void> {
    // It asks for the schema and sets a setting, without a deadline. No one else has a connection yet.
    const close = async () => {
      for (const runner of this.#driver.connectedQueryRunners) {
        const client: pg.PoolClient = await runner.connect();
        void client.end();
      }
    };
    const overdue = setInterval(close, connectTimeout);
    try {
      await this.#dataSource.initialize();
      this.#isOpen = true;
    } catch (error) {
      await this.#driver.disconnect().catch(() => undefined); // it may have left a pool behind
      throw error;
    } finally {
      clearInterval(overdue);
    }
  }

  /** Takes a connection that answers. That costs a round trip, and saves those who would get a dead one. */
  async #connect(signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const runner = this.#dataSource.createQueryRunner();
    const connecting: Promise<pg.PoolClient> = runner.connect();
    const client = await orAborted(connecting, signal);
    if (client === undefined) {
      connecting.then(
        (late) => release({ runner, client: late }),
        () => undefined,
      );
      throw signal.reason;
    }
    try {
      await untilAborted(client, signal, () => runner.query("SELECT 1"));
      return { runner, client };
    } catch (error) {
      void client.end();
      await release({ runner, client });
      throw error;
    }
  }

  /** Adds the way out to an error that everyone meets once. */
  #explain(error: unknown): unknown {
    const hint = `; create it with: CREATE DATABASE ${pg.escapeIdentifier(this.#driver.database ?? "")}`;
    const missing = sqlState(error) === databaseDoesNotExist;
    // Those who waited for the same attempt share its error.
    if (missing && error instanceof Error && !error.message.endsWith(hint)) {
      error.message += hint;
    }
    return error;
  }
}

interface Connection {
  runner: QueryRunner;
  client: pg.PoolClient; // the runner's
}

/**
 * What TypeORM needs to know. It reads a connection string up to the question mark, and would connect without
 * TLS whatever the rest says: so the string is taken apart here. The entities are those of all modules that
 * have been imported.
 */
export function dataSourceOptions(
  connectionString: string,
  options: PoolOptions,
): CockroachDataSourceOptions {
  const { host, port, user, password, database, ssl, ...others } = parse(connectionString);
  return {
    type: "cockroachdb",
    host: host ?? "",
    port: port ?? 26257,
    username: user ?? "",
    password: password as string,
    database: database ?? "",
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot say otherwise.
    ssl: ssl ? { ...(ssl as TlsOptions), rejectUnauthorized: true } : false,
    entities: getMetadataArgsStorage().tables.map(({ target }) => target),
    synchronize: false,
    maxTransactionRetries: 0, // TypeORM's own would send the statements again with the values of the first run
    timeTravelQueries: false,
    logging: false,
    poolSize: options.maxConnections,
    poolErrorHandler: () => undefined, // the pool drops a connection that broke while it was idle
    extra: {
      application_name: options.applicationName,
      ...others,
      statement_timeout: options.statementTimeout,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeout,
      maxLifetimeSeconds: lifetime,
      idleTimeoutMillis: 0, // never: its lifetime ends it
    },
  };
}

function parse(connectionString: string): pg.ClientConfig {
  try {
    return parseIntoClientConfig(connectionString);
  } catch {
    // What the parser says may show the password.
    throw new Error("node-postgres refuses the connection string; check its parameters");
  }
}

/** Gives back what is whole and in no transaction; the rest is closed. */
async function release({ runner, client }: Connection): Promise<void> {
  if (client.getTransactionStatus() !== "I") {
    void client.end(); // the pool drops it for that
  }
  await runner.release();
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
