import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { UnavailableError } from "../src/database/errors.ts";
import { migrate } from "../src/database/migrate.ts";
import type { Transaction } from "../src/database/retry.ts";
import { openPool, openTestPool, testUrl } from "./database.ts";

const ada = { data: { owner: "Ada", balance: 1 } };

const signal = AbortSignal.timeout(60_000);
const pool = await openTestPool();
after(() => pool.close());
const { prisma } = pool;

const restart = () => new Error("restart transaction", { cause: { originalCode: "40001" } });

test("each run that fails is rolled back", async () => {
  const ids: string[] = [];
  const run = async (tx: Transaction) => {
    ids.push((await tx.account.create(ada)).id);
    if (ids.length < 3) {
      throw restart();
    }
  };
  await prisma.$withTransaction(run, signal);
  assert.equal(ids.length, 3);
  const kept = await prisma.$read((p) => p.account.findMany({ where: { id: { in: ids } } }), signal);
  assert.deepEqual(
    kept.map(({ id }) => id),
    [ids[2]],
  );
});

test("a real conflict: two transactions read what the other writes", async () => {
  const make = async (tx: Transaction) => [await tx.account.create(ada), await tx.account.create(ada)];
  const [a, b] = (await prisma.$withTransaction(make, signal)).map(({ id }) => id) as [string, string];
  const sum = async (tx: Transaction) => {
    const { _sum } = await tx.account.aggregate({ _sum: { balance: true }, where: { id: { in: [a, b] } } });
    return _sum.balance ?? 0n;
  };
  const set = (tx: Transaction, id: string, balance: bigint) =>
    tx.account.update({ where: { id }, data: { balance } });
  let runs = 0;
  let met = false; // the database may also end a run for reasons of its own
  const run = async (tx: Transaction) => {
    runs++;
    const read = await sum(tx);
    if (!met) {
      await prisma.$withTransaction(async (other) => set(other, a, await sum(other)), signal);
      met = true;
    }
    await set(tx, b, read);
  };
  await prisma.$withTransaction(run, signal);
  const row = await prisma.$read((p) => p.account.findFirst({ where: { id: b } }), signal);
  assert.equal(row?.balance, 3n, `after ${runs} runs; want the sum that the other transaction left`);
});

test("an error that was caught in a transaction does not pass for a commit", async () => {
  const run = (tx: Transaction) => tx.$queryRaw`SELECT 1/0`.catch(() => undefined);
  await assert.rejects(prisma.$withTransaction(run, signal), /was rolled back/);
});

test("a query without a deadline is refused", async () => {
  await assert.rejects(prisma.account.findMany(), /without a deadline/);
  await assert.rejects(
    prisma.$transaction((tx) => tx.account.findMany()),
    /without a deadline/,
  );
});

test("times are UTC, whatever time zone the session would have", async (t) => {
  const url = new URL(testUrl);
  url.searchParams.set("options", "-c TimeZone=Asia/Kathmandu");
  const elsewhere = openPool(url.href);
  t.after(() => elsewhere.close());
  const { createdAt } = await elsewhere.prisma.$withTransaction((tx) => tx.account.create(ada), signal);
  assert.ok(Math.abs(createdAt.getTime() - Date.now()) < 3_600_000);
});

test("the signal ends a query, and the pool has room again", async () => {
  const start = performance.now();
  const sleep = () => prisma.$read((p) => p.$queryRaw`SELECT pg_sleep(30)::TEXT`, AbortSignal.timeout(200));
  for (const result of await Promise.allSettled(Array.from({ length: 10 }, sleep))) {
    assert.ok(result.status === "rejected" && result.reason instanceof UnavailableError);
  }
  await pool.ping(signal);
  assert.ok(performance.now() - start < 2_000);
});

test("the signal ends a transaction", async () => {
  const sleep = (tx: Transaction) => tx.$queryRaw`SELECT pg_sleep(30)::TEXT`;
  await assert.rejects(prisma.$withTransaction(sleep, AbortSignal.timeout(200)), UnavailableError);
  await pool.ping(signal);
});

test("a connection that broke is not used again", async () => {
  const kill = (tx: Transaction) => tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;
  await assert.rejects(prisma.$withTransaction(kill, signal), UnavailableError);
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
  await mkdir(join(folder, "0000_two_statements"));
  await writeFile(join(folder, "0000_two_statements/migration.sql"), "SELECT 1; SELECT 2;");
  for (let i = 0; i < 2; i++) {
    const run = migrate(pool, () => assert.fail("was recorded"), pathToFileURL(`${folder}/`));
    await assert.rejects(run, /0000_two_statements/);
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
