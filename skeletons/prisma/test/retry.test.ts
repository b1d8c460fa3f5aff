import assert from "node:assert/strict";
import { test } from "node:test";
import { OutcomeUnknownError, UnavailableError } from "../src/database/errors.ts";
import { retry, rolledBack } from "../src/database/retry.ts";
import { Prisma } from "../src/generated/prisma/client.ts";

const unending = new AbortController().signal;

/** As the driver adapter throws it, and Prisma hands it over at COMMIT. */
function serverError(originalCode: string, severity = "ERROR"): Error {
  return new Error("restart transaction", { cause: { originalCode, severity } });
}

/** As Prisma hands over what a query met. */
function requestError(code: string, originalCode: string): Error {
  const meta = { driverAdapterError: serverError(originalCode) };
  return new Prisma.PrismaClientKnownRequestError("restart transaction", { code, meta, clientVersion: "" });
}

/** Fails a number of times before it succeeds, and counts its runs. */
function failing(times: number, error: unknown) {
  const run = async () => {
    run.count++;
    if (run.count <= times) {
      throw error;
    }
    return "done";
  };
  run.count = 0;
  return run;
}

test("40001 is run again, of a model's query, a raw one or COMMIT, also as the cause of another error", async () => {
  for (const error of [
    requestError("P2034", "40001"),
    requestError("P2010", "40001"),
    serverError("40001"),
    new Error("update", { cause: requestError("P2034", "40001") }),
  ]) {
    const run = failing(2, error);
    assert.equal(await retry(run, 3, unending), "done");
    assert.equal(run.count, 3);
  }
});

test("any other error is not", async () => {
  for (const error of [
    new Error("Connection terminated unexpectedly"),
    requestError("P2002", "23505"),
    requestError("P2025", ""),
    new OutcomeUnknownError("COMMIT", { cause: serverError("40003") }),
  ]) {
    const run = failing(1, error);
    await assert.rejects(retry(run, 3, unending), error);
    assert.equal(run.count, 1);
  }
});

test("it gives up after so many retries", async () => {
  const run = failing(9, serverError("40001"));
  await assert.rejects(retry(run, 2, unending), UnavailableError);
  assert.equal(run.count, 3);
});

test("it gives up when the signal aborts", async () => {
  const start = performance.now();
  await assert.rejects(
    retry(failing(1_000, serverError("40001")), 1_000, AbortSignal.timeout(300)),
    UnavailableError,
  );
  assert.ok(performance.now() - start < 400);
});

test("which errors of a COMMIT mean that nothing was written", () => {
  assert.equal(rolledBack(serverError("40001")), true);
  assert.equal(rolledBack(serverError("23503")), true);
  assert.equal(rolledBack(serverError("40003")), false);
  assert.equal(rolledBack(serverError("57P01", "FATAL")), false);
  assert.equal(rolledBack(new Error("Connection terminated unexpectedly")), false);
});
