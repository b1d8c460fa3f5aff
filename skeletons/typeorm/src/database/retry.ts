import { DatabaseError } from "pg";
import { type EntityManager, QueryFailedError, type QueryRunner } from "typeorm";
import { backoff, wait } from "./backoff.ts";
import {
  OutcomeUnknownError,
  serializationFailure,
  statementCompletionUnknown,
  UnavailableError,
} from "./errors.ts";
import type { Pool } from "./pool.ts";
import { sqlState } from "./sqlstate.ts";

export type Transaction = EntityManager;

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
    () => pool.withQueryRunner(signal, (runner) => transact(runner, fn, signal)),
    pool.maxRetries,
    signal,
  );
}

/**
 * Runs one statement outside any transaction. By itself it is atomic, and CockroachDB runs it again by
 * itself, unless its result was so large that a part of it had been sent: hence the loop.
 */
export function read<T>(
  pool: Pool,
  query: (db: EntityManager) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const run = () => pool.withQueryRunner(signal, (runner) => query(runner.manager));
  return retry(run, pool.maxRetries, signal);
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

/** As DataSource.transaction does it, which does not tell an error of COMMIT from one of a statement. */
async function transact<T>(
  runner: QueryRunner,
  fn: (tx: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await runner.startTransaction();
  let result: T;
  try {
    result = await fn(runner.manager);
    signal.throwIfAborted(); // rather than send a COMMIT whose answer there is no time to hear
  } catch (error) {
    await rollback(runner);
    throw error;
  }
  await commit(runner);
  return result;
}

async function commit(runner: QueryRunner): Promise<void> {
  try {
    await runner.commitTransaction();
  } catch (error) {
    if (!rolledBack(error)) {
      throw new OutcomeUnknownError("outcome of COMMIT unknown", { cause: error });
    }
    await rollback(runner);
    if (sqlState(error) === inFailedTransaction) {
      throw new Error("the transaction was rolled back: an error of one of its statements was caught in it");
    }
    throw error;
  }
}

/** Where this fails the connection is not given back to the pool, and the server rolls back by itself. */
async function rollback(runner: QueryRunner): Promise<void> {
  await runner.rollbackTransaction().catch(() => undefined);
}

/**
 * Tells whether the error of a COMMIT means that nothing was written. TypeORM sends RELEASE SAVEPOINT
 * cockroach_restart, which commits, and then COMMIT: what that one says comes too late.
 */
export function rolledBack(error: unknown): boolean {
  if (!(error instanceof QueryFailedError) || error.query === "COMMIT") {
    return false;
  }
  const { driverError } = error;
  return (
    driverError instanceof DatabaseError &&
    driverError.code !== statementCompletionUnknown &&
    driverError.severity !== "FATAL"
  );
}

const inFailedTransaction = "25P02";
