import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { DatabaseError } from "pg";
import { QueryTypes, type Transaction } from "sequelize";
import { defineModels } from "../src/bank/model.ts";
import { UnavailableError } from "../src/database/errors.ts";
import { migrate } from "../src/database/migrate.ts";
import { read, withTransaction } from "../src/database/retry.ts";
import { openPool, openTestPool } from "./database.ts";

const ada = { owner: "Ada", balance: 1 };

const signal = AbortSignal.timeout(60_000);
const pool = await openTestPool();
after(() => pool.close());
const { sequelize } = pool;
const { accounts } = defineModels(sequelize);

test("each run that fails is rolled back", async () => {
  const ids: string[] = [];
  const run = async (transaction: Transaction) => {
    ids.push((await accounts.create(ada, { transaction })).id);
    if (ids.length < 3) {
      throw Object.assign(new DatabaseError("restart transaction", 0, "error"), { code: "40001" });
    }
  };
  await withTransaction(pool, run, signal);
  assert.equal(ids.length, 3);
  const kept = await read(pool, () => accounts.findAll({ where: { id: ids } }), signal);
  assert.deepEqual(
    kept.map(({ id }) => id),
    [ids[2]],
  );
});

test("a real conflict: two transactions read what the other writes", async () => {
  const make = async (transaction: Transaction) => [
    (await accounts.create(ada, { transaction })).id,
    (await accounts.create(ada, { transaction })).id,
  ];
  const [a = "", b = ""] = await withTransaction(pool, make, signal);
  const sum = async (transaction: Transaction) =>
    Number(await accounts.sum("balance", { where: { id: [a, b] }, transaction }));
  const set = (transaction: Transaction, id: string, balance: number) =>
    accounts.update({ balance }, { where: { id }, transaction });
  let runs = 0;
  let met = false; // the database may also end a run for reasons of its own
  const run = async (transaction: Transaction) => {
    runs++;
    const read = await sum(transaction);
    if (!met) {
      await withTransaction(pool, async (other) => set(other, a, await sum(other)), signal);
      met = true;
    }
    await set(transaction, b, read);
  };
  await withTransaction(pool, run, signal);
  const account = await read(pool, () => accounts.findByPk(b), signal);
  assert.equal(account?.balance, 3, `after ${runs} runs; want the sum that the other transaction left`);
});

test("an error that was caught in a transaction does not pass for a commit", async () => {
  const run = (transaction: Transaction) =>
    sequelize.query("SELECT 1/0", { transaction }).catch(() => undefined);
  await assert.rejects(withTransaction(pool, run, signal), /was rolled back/);
});

test("a query that forgets its transaction is refused", async () => {
  await assert.rejects(
    withTransaction(pool, () => accounts.create(ada), signal),
    /without { transaction }/,
  );
});

test("INT8 is a number, or an error where a number cannot hold it", async () => {
  const select = (n: string) =>
    read(pool, () => sequelize.query(`SELECT ${n}::INT8 AS n`, { type: QueryTypes.SELECT }), signal);
  assert.deepEqual(await select("-9007199254740991"), [{ n: Number.MIN_SAFE_INTEGER }]);
  await assert.rejects(select("9007199254740992"), /beyond/);
  await assert.rejects(select("-9007199254740993"), /beyond/);
  await pool.ping(signal);
});

test("the signal ends a query, and the pool has room again", async () => {
  const start = performance.now();
  const sleep = () => read(pool, () => sequelize.query("SELECT pg_sleep(30)"), AbortSignal.timeout(200));
  for (const result of await Promise.allSettled(Array.from({ length: 10 }, sleep))) {
    assert.ok(result.status === "rejected" && result.reason instanceof UnavailableError);
  }
  await pool.ping(signal);
  assert.ok(performance.now() - start < 2_000);
});

test("the signal ends a transaction", async () => {
  const sleep = (transaction: Transaction) => sequelize.query("SELECT pg_sleep(30)", { transaction });
  await assert.rejects(withTransaction(pool, sleep, AbortSignal.timeout(200)), UnavailableError);
  await pool.ping(signal);
});

test("a connection that broke is not used again", async () => {
  const kill = (transaction: Transaction) =>
    sequelize.query("SELECT pg_terminate_backend(pg_backend_pid())", { transaction });
  await assert.rejects(withTransaction(pool, kill, signal), UnavailableError);
  await pool.ping(signal);
});

test("no database is an UnavailableError", async (t) => {
  const nowhere = openPool("postgresql://root@127.0.0.1:1/app?sslmode=disable");
  t.after(() => nowhere.close());
  await assert.rejects(nowhere.ping(signal), UnavailableError);
});

test("a pool connects when it is first used, and for telemetry if the URL asks for it", async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const url = `postgresql://root@127.0.0.1:${(server.address() as AddressInfo).port}/app?sslmode=disable`;
  t.mock.method(console, "info", () => undefined);
  for (const [parameter, want] of [
    ["", 0],
    ["&cockroachdbTelemetryDisabled=false", 1],
  ] as const) {
    const own = openPool(url + parameter);
    await setTimeout(200);
    assert.equal(connections, want);
    await own.close();
  }
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
