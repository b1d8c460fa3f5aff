import { type ClientBase, DatabaseError, type QueryResultRow } from "pg";
import { backoff, wait } from "./backoff.ts";
import {
  OutcomeUnknownError,
  serializationFailure,
  statementCompletionUnknown,
  UnavailableError,
} from "./errors.ts";
import type { Pool } from "./pool.ts";
import { sqlState } from "./sqlstate.ts";

export type Transaction = Pick<ClientBase, "query">;

/**
 * Runs a function in a transaction and commits it. CockroachDB may end a transaction with SQLSTATE 40001, in
 * a statement or at COMMIT, and expects it to be run again from its beginning; so the function may run
 * several times and must do nothing but SQL. It must throw the errors it meets, as the cause of another
 * error if not as they are.
 *
 * A COMMIT that may or may not have happened is an OutcomeUnknownError and is not run again: only the caller
 * knows whether doing it twice is harmless.
 */
export function withTransaction<T>(
  pool: Pool,
  fn: (tx: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return retry(
    () => pool.withClient(signal, (client) => transact(client, fn, signal)),
    pool.maxRetries,
    signal,
  );
}

/**
 * Runs one statement outside any transaction. By itself it is atomic, and CockroachDB runs it again by
 * itself, unless its result was so large that a part of it had been sent: hence the loop.
 */
export async function read<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: unknown[],
  signal: AbortSignal,
): Promise<Row[]> {
  const run = () => pool.withClient(signal, (client) => client.query<Row>(text, values));
  return (await retry(run, pool.maxRetries, signal)).rows;
}

/** Waits between two runs without holding a connection, and never past the signal. */
export async function retry<T>(run: () => Promise<T>, maxRetries: number, signal: AbortSignal): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await run();
    } catch (error) {
      if (sqlState(error) !== serializationFailure || error instanceof OutcomeUnknownError) {
        throw error;
      }
      if (retries === maxRetries || !(await wait(backoff(retries), signal))) {
        throw new UnavailableError(`gave up after ${retries} retries`, { cause: error });
      }
    }
  }
}

async function transact<T>(
  client: ClientBase,
  fn: (tx: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await client.query("BEGIN");
  let result: T;
  try {
    result = await fn(client);
    signal.throwIfAborted(); // rather than send a COMMIT whose answer there is no time to hear
  } catch (error) {
    // Where this fails the connection is not given back to the pool, and the server rolls back by itself.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  await commit(client);
  return result;
}

async function commit(client: ClientBase): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query("COMMIT"));
  } catch (error) {
    throw rolledBack(error) ? error : new OutcomeUnknownError("outcome of COMMIT unknown", { cause: error });
  }
  if (command !== "COMMIT") {
    throw new Error("the transaction was rolled back: an error of one of its statements was caught in it");
  }
}

/** Tells whether the error of a COMMIT means that nothing was written. */
export function rolledBack(error: unknown): boolean {
  return (
    error instanceof DatabaseError && error.code !== statementCompletionUnknown && error.severity !== "FATAL"
  );
}
