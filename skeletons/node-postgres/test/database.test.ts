import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { DatabaseError } from "pg";
import { UnavailableError } from "../src/database/errors.ts";
import { migrate } from "../src/database/migrate.ts";
import { read, type Transaction, withTransaction } from "../src/database/retry.ts";
import { openPool, openTestPool } from "./database.ts";

const insert = "INSERT INTO accounts (owner, balance) VALUES ('Ada', 1) RETURNING id";
const sum = "SELECT sum(balance)::INT8 AS sum FROM accounts WHERE id IN ($1, $2)";

const signal = AbortSignal.timeout(60_000);
const pool = await openTestPool();
after(() => pool.close());

async function one<T>(tx: Transaction, text: string, values: unknown[] = []): Promise<T> {
  const { rows } = await tx.query(text, values);
  return Object.values(rows[0])[0] as T;
}

test("each run that fails is rolled back", async () => {
  const ids: string[] = [];
  const run = async (tx: Transaction) => {
    ids.push(await one(tx, insert));
    if (ids.length < 3) {
      throw Object.assign(new DatabaseError("restart transaction", 0, "error"), { code: "40001" });
    }
  };
  await withTransaction(pool, run, signal);
  assert.equal(ids.length, 3);
  const kept = await read<{ id: string }>(pool, "SELECT id FROM accounts WHERE id = ANY($1)", [ids], signal);
  assert.deepEqual(kept, [{ id: ids[2] }]);
});

test("a real conflict: two transactions read what the other writes", async () => {
  const make = async (tx: Transaction) => [await one(tx, insert), await one(tx, insert)];
  const [a, b] = await withTransaction(pool, make, signal);
  const set = "UPDATE accounts SET balance = $2 WHERE id = $1";
  let runs = 0;
  let met = false; // the database may also end a run for reasons of its own
  const run = async (tx: Transaction) => {
    runs++;
    const read = await one(tx, sum, [a, b]);
    if (!met) {
      const other = async (tx: Transaction) => tx.query(set, [a, await one(tx, sum, [a, b])]);
      await withTransaction(pool, other, signal);
      met = true;
    }
    await tx.query(set, [b, read]);
  };
  await withTransaction(pool, run, signal);
  const rows = await read(pool, "SELECT balance FROM accounts WHERE id = $1", [b], signal);
  assert.deepEqual(
    rows,
    [{ balance: 3 }],
    `after ${runs} runs; want the sum that the other transaction left`,
  );
});

test("an error that was caught in a transaction does not pass for a commit", async () => {
  const run = (tx: Transaction) => tx.query("SELECT 1/0").catch(() => undefined);
  await assert.rejects(withTransaction(pool, run, signal), /was rolled back/);
});

test("INT8 is a number, or an error where a number cannot hold it", async () => {
  const select = "SELECT $1::INT8 AS n";
  assert.deepEqual(await read(pool, select, ["-9007199254740991"], signal), [{ n: Number.MIN_SAFE_INTEGER }]);
  await assert.rejects(read(pool, select, ["9007199254740992"], signal), RangeError);
  await pool.ping(signal);
});

test("the signal ends a query, and the pool has room again", async () => {
  const start = performance.now();
  const sleep = () => read(pool, "SELECT pg_sleep(30)", [], AbortSignal.timeout(200));
  for (const result of await Promise.allSettled(Array.from({ length: 10 }, sleep))) {
    assert.ok(result.status === "rejected" && result.reason instanceof UnavailableError);
  }
  await pool.ping(signal);
  assert.ok(performance.now() - start < 2_000);
});

test("a connection that broke is not used again", async () => {
  const kill = (tx: Transaction) => tx.query("SELECT pg_terminate_backend(pg_backend_pid())");
  await assert.rejects(withTransaction(pool, kill, signal), UnavailableError);
  await pool.ping(signal);
});

test("no database is an UnavailableError", async (t) => {
  const nowhere = openPool("postgresql://root@127.0.0.1:1/app?sslmode=disable");
  t.after(() => nowhere.close());
  await assert.rejects(nowhere.ping(signal), UnavailableError);
});

test("a migrated database is not migrated again", async () => {
  const applied: string[] = [];
  await migrate(pool, (version) => applied.push(version));
  assert.deepEqual(applied, []);
});

test("two statements in a migration are refused, and it is not recorded", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "0000_two_statements.sql"), "SELECT 1; SELECT 2;");
  for (let i = 0; i < 2; i++) {
    const run = migrate(pool, () => assert.fail("was recorded"), pathToFileURL(`${folder}/`));
    await assert.rejects(run, /0000_two_statements\.sql/);
  }
});

test("errors hide the connection string", () => {
  for (const url of [
    "postgresql://ada:hush@localhost:port/app",
    "postgresql://ada:hush@localhost/app?sslmode=verify-full&sslrootcert=/nowhere/ca.crt",
  ]) {
    assert.throws(
      () => openPool(url),
      ({ message }) => !/hush|ada:/.test(message),
      url,
    );
  }
});
