import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { databaseDoesNotExist, isTransient, OutcomeUnknownError, UnavailableError } from "./errors.ts";
import { sqlState } from "./sqlstate.ts";

const acquireTimeout = 3_000;

/** What a request does with the database, at one time. */
interface Session {
  signal: AbortSignal;
  client?: pg.PoolClient;
}

/**
 * node-postgres's pool, which Prisma's driver adapter asks for connections. Prisma knows no signal: a timeout
 * of its own tells the caller that time is up and goes on waiting for the query. So the signal is looked up
 * where the connection is lent, and closes it.
 */
export class Connections extends pg.Pool {
  readonly #sessions = new AsyncLocalStorage<Session>();
  readonly #broken = new WeakMap<pg.ClientBase, Error>(); // why a connection is of no more use

  constructor(config: pg.PoolConfig) {
    super(config);
    // An error event that no one listens to would end the process. The pool drops a connection that broke
    // while it was idle; of one in use the query tells, and #release drops it.
    this.on("error", () => undefined);
    this.on("connect", (client) => {
      client.on("error", (error) => this.#broken.set(client, error));
    });
  }

  /**
   * Runs a function that may use the pool. When the signal aborts, its connection is closed, whatever the
   * server does. A connection that broke, or a server in no state to answer, is an UnavailableError.
   */
  async during<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const session: Session = { signal };
    try {
      // Awaited inside, because Prisma starts a query only when someone waits for it.
      return await this.#sessions.run(session, async () => await run());
    } catch (error) {
      if (error instanceof OutcomeUnknownError || error instanceof UnavailableError) {
        throw error;
      }
      const broken = session.client && this.#broken.get(session.client);
      if (broken || signal.aborted || isTransient(sqlState(error))) {
        throw new UnavailableError("database unavailable", { cause: error });
      }
      throw error;
    }
  }

  /** Tells whether a statement of the transaction failed: a COMMIT would roll back, and not say so. */
  get transactionFailed(): boolean {
    return this.#sessions.getStore()?.client?.getTransactionStatus() === "E";
  }

  /** Lends a connection that answers. That costs a round trip, and saves those who would get a dead one. */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    const lent = this.#lend();
    if (callback === undefined) {
      return lent;
    }
    // The way of pool.query, which is Prisma's for a query outside a transaction.
    lent.then(
      (client) => callback(undefined, client, client.release),
      (error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #lend(): Promise<pg.PoolClient> {
    const session = this.#sessions.getStore();
    if (session === undefined) {
      throw new Error("a query without a deadline; use $read or $withTransaction");
    }
    const client = await this.#acquire(session.signal);
    session.client = client;
    const close = () => void client.end(); // which does not wait for a query that is running
    session.signal.addEventListener("abort", close, { once: true });
    const { release } = client;
    client.release = (error) => {
      session.signal.removeEventListener("abort", close);
      // What is whole and in no transaction goes back; the rest is closed.
      release(error ?? this.#broken.get(client) ?? client.getTransactionStatus() !== "I");
    };
    return client;
  }

  async #acquire(signal: AbortSignal): Promise<pg.PoolClient> {
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(acquireTimeout)]);
    for (;;) {
      const reused = this.idleCount > 0;
      try {
        return await this.#take(waiting);
      } catch (error) {
        // A connection that died in the pool says nothing about the database; a new one does.
        if (!reused || waiting.aborted) {
          throw new UnavailableError("no connection", { cause: this.#explain(error) });
        }
      }
    }
  }

  async #take(signal: AbortSignal): Promise<pg.PoolClient> {
    signal.throwIfAborted();
    const connecting = super.connect();
    const client = await orAborted(connecting, signal);
    if (client === undefined) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw signal.reason;
    }
    const close = () => void client.end();
    signal.addEventListener("abort", close, { once: true });
    try {
      // Prisma reads what the server writes in the session's time zone as UTC.
      await client.query("SET TIME ZONE 'UTC'");
      return client;
    } catch (error) {
      client.release(error as Error);
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Adds the way out to an error that everyone meets once. */
  #explain(error: unknown): unknown {
    if (error instanceof pg.DatabaseError && error.code === databaseDoesNotExist) {
      error.message += `; create it with: CREATE DATABASE ${pg.escapeIdentifier(this.options.database ?? "")}`;
    }
    return error;
  }
}

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

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
