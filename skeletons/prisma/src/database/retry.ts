import type { Prisma, PrismaClient } from "../generated/prisma/client.ts";
import { backoff, wait } from "./backoff.ts";
import type { Connections } from "./connections.ts";
import {
  OutcomeUnknownError,
  serializationFailure,
  statementCompletionUnknown,
  UnavailableError,
} from "./errors.ts";
import { serverError, sqlState } from "./sqlstate.ts";

export type Transaction = Prisma.TransactionClient;
export type Database = ReturnType<typeof withRetries>;

/** Prisma's own clocks, which stop no query. The signal does, so these leave it alone: 24 days. */
const clocks = { maxWait: 2 ** 31 - 1, timeout: 2 ** 31 - 1 };

/** Extends Prisma Client with the two ways of this program to use it. */
export function withRetries(prisma: PrismaClient, connections: Connections, maxRetries: number) {
  return prisma.$extends({
    name: "retries",
    client: {
      /**
       * Runs a function in a transaction and commits it. CockroachDB may end a transaction with SQLSTATE
       * 40001, in a statement or at COMMIT, and expects it to be run again from its beginning; so the
       * function may run several times and must do nothing but queries. It must throw the errors it meets,
       * as the cause of another error if not as they are.
       *
       * A COMMIT that may or may not have happened is an OutcomeUnknownError and is not run again: only the
       * caller knows whether doing it twice is harmless.
       */
      $withTransaction<T>(fn: (tx: Transaction) => Promise<T>, signal: AbortSignal): Promise<T> {
        const run = () => connections.during(signal, () => transact(prisma, connections, fn, signal));
        return retry(run, maxRetries, signal);
      },

      /**
       * Runs one query outside any transaction. A statement by itself is atomic, and CockroachDB runs it
       * again by itself, unless its result was so large that a part of it had been sent: hence the loop.
       */
      $read<T>(query: (prisma: PrismaClient) => Promise<T>, signal: AbortSignal): Promise<T> {
        return retry(() => connections.during(signal, () => query(prisma)), maxRetries, signal);
      },
    },
  });
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
  prisma: PrismaClient,
  connections: Connections,
  fn: (tx: Transaction) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let committing = false;
  try {
    return await prisma.$transaction(async (tx) => {
      const result = await fn(tx);
      signal.throwIfAborted(); // rather than send a COMMIT whose answer there is no time to hear
      if (connections.transactionFailed) {
        throw new Error(
          "the transaction was rolled back: an error of one of its statements was caught in it",
        );
      }
      committing = true; // by Prisma, as soon as this function returns
      return result;
    }, clocks);
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
  return said !== undefined && said.originalCode !== statementCompletionUnknown && said.severity !== "FATAL";
}
