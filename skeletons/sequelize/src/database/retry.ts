import type { Transaction } from "sequelize";
import { backoff, wait } from "./backoff.ts";
import {
  OutcomeUnknownError,
  serializationFailure,
  statementCompletionUnknown,
  UnavailableError,
} from "./errors.ts";
import type { Loan, Pool } from "./pool.ts";
import { serverError, sqlState } from "./sqlstate.ts";

/**
 * Runs a function in a transaction and commits it. CockroachDB may end a transaction with SQLSTATE 40001, in
 * a statement or at COMMIT, and expects it to be run again from its beginning; so the function may run
 * several times and must do nothing but queries, each with the transaction among its options. It must throw
 * the errors it meets, as the cause of another error if not as they are.
 *
 * A COMMIT that may or may not have happened is an OutcomeUnknownError and is not run again: only the caller
 * knows whether doing it twice is harmless.
 */
export function withTransaction<T>(
  pool: Pool,
  fn: (transaction: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return retry(
    () => pool.withConnection(signal, (loan) => transact(pool, loan, fn, signal)),
    pool.maxRetries,
    signal,
  );
}

/**
 * Runs one query outside any transaction. By itself it is atomic, and CockroachDB runs it again by itself,
 * unless its result was so large that a part of it had been sent: hence the loop.
 */
export function read<T>(pool: Pool, query: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry(() => pool.withConnection(signal, query), pool.maxRetries, signal);
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
  pool: Pool,
  loan: Loan,
  fn: (transaction: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let committing = false;
  try {
    return await pool.sequelize.transaction(async (transaction) => {
      const result = await fn(transaction);
      signal.throwIfAborted(); // rather than send a COMMIT whose answer there is no time to hear
      if (loan.client?.getTransactionStatus() === "E") {
        throw new Error(
          "the transaction was rolled back: an error of one of its statements was caught in it",
        );
      }
      committing = true; // by Sequelize, as soon as this function returns
      return result;
    });
  } catch (error) {
    if (committing && !rolledBack(error)) {
      throw new OutcomeUnknownError("outcome of COMMIT unknown", { cause: error });
    }
    throw error;
  }
}

/** Tells whether the error of a COMMIT means that nothing was written. */
export function rolledBack(error: unknown): boolean {
  const said = serverError(error);
  return said !== undefined && said.code !== statementCompletionUnknown && said.severity !== "FATAL";
}
