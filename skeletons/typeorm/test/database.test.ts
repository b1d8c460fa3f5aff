import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { DatabaseError } from "pg";
import type { MigrationInterface } from "typeorm";
import { AccountEntity } from "../src/bank/entities.ts";
import { UnavailableError } from "../src/database/errors.ts";
import { int8 } from "../src/database/int8.ts";
import { migrate } from "../src/database/migrate.ts";
import { read, type Transaction, withTransaction } from "../src/database/retry.ts";
import { openPool, openTestPool } from "./database.ts";

const sum = "SELECT sum(balance)::INT8 AS sum FROM accounts WHERE id IN ($1, $2)";

const signal = AbortSignal.timeout(60_000);
const pool = await openTestPool();
after(() => pool.close());

async function insert(tx: Transaction, balance = 1): Promise<string> {
  const { id } = await tx.save(AccountEntity, { owner: "Ada", balance });
  return id;
}

async function one<T>(tx: Transaction, text: string, values: unknown[] = []): Promise<T> {
  const [row] = await tx.query(text, values);
  return Object.values(row)[0] as T;
}

const account = (id: string) => read(pool, (db) => db.findOneBy(AccountEntity, { id }), signal);

test("each run that fails is rolled back", async () => {
  const ids: string[] = [];
  const run = async (tx: Transaction) => {
    ids.push(await insert(tx));
    if (ids.length < 3) {
      throw Object.assign(new DatabaseError("restart transaction", 0, "error"), { code: "40001" });
    }
  };
  await withTransaction(pool, run, signal);
  const kept = await Promise.all(ids.map(account));
  assert.deepEqual(
    kept.map((row) => row?.id),
    [undefined, undefined, ids[2]],
  );
});

test("a real conflict: two transactions read what the other writes", async () => {
  const make = async (tx: Transaction) => [await insert(tx), await insert(tx)] as const;
  const [a, b] = await withTransaction(pool, make, signal);
  let runs = 0;
  let met = false; // the database may also end a run for reasons of its own
  const run = async (tx: Transaction) => {
    runs++;
    const balance = Number(await one(tx, sum, [a, b]));
    if (!met) {
      const other = async (tx: Transaction) =>
        tx.update(AccountEntity, { id: a }, { balance: Number(await one(tx, sum, [a, b])) });
      await withTransaction(pool, other, signal);
      met = true;
    }
    await tx.update(AccountEntity, { id: b }, { balance });
  };
  await withTransaction(pool, run, signal);
  const left = (await account(b))?.balance;
  assert.equal(left, 3, `after ${runs} runs; want the sum that the other transaction left`);
});

test("an error that was caught in a transaction does not pass for a commit", async () => {
  const run = (tx: Transaction) => tx.query("SELECT 1/0").catch(() => undefined);
  await assert.rejects(withTransaction(pool, run, signal), /was rolled back/);
});

test("INT8 is a number, or an error where a number cannot hold it", async () => {
  const id = await withTransaction(pool, (tx) => insert(tx, Number.MAX_SAFE_INTEGER), signal);
  assert.equal((await account(id))?.balance, Number.MAX_SAFE_INTEGER);
  const select = "SELECT 9007199254740992::INT8 AS n";
  const beyond = await read<[{ n: string }]>(pool, (db) => db.query(select), signal);
  assert.throws(() => int8.from(beyond[0].n), RangeError);
});

test("the signal ends a query, and the pool has room again", async () => {
  const start = performance.now();
  const sleep = () => read(pool, (db) => db.query("SELECT pg_sleep(30)"), AbortSignal.timeout(200));
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

test("a migration that fails is not recorded", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  const source = "export class Fails1764000000000 { up(runner) { return runner.query('SELECT 1/0'); } }\n";
  await writeFile(join(folder, "1764000000000-Fails.js"), source);
  for (let i = 0; i < 2; i++) {
    const run = migrate(pool, () => assert.fail("was recorded"), pathToFileURL(`${folder}/`));
    await assert.rejects(run, /Fails1764000000000/);
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

test("each migration can be run twice, and undone", async () => {
  const folder = new URL("../src/migrations/", import.meta.url);
  const migrations: MigrationInterface[] = [];
  for (const file of (await readdir(folder)).sort()) {
    const module: Record<string, new () => MigrationInterface> = await import(new URL(file, folder).href);
    migrations.push(...Object.values(module).map((Class) => new Class()));
  }
  await pool.withQueryRunner(signal, async (runner) => {
    for (const migration of migrations) {
      await migration.up(runner);
    }
    for (const migration of migrations.toReversed()) {
      await migration.down(runner);
    }
    for (const migration of migrations) {
      await migration.up(runner);
    }
  });
});
