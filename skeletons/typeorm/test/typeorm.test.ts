/** What TypeORM does by itself that this program must not. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import { DataSource, type EntityManager } from "typeorm";
import { AccountEntity } from "../src/bank/entities.ts";
import { UnavailableError } from "../src/database/errors.ts";
import { dataSourceOptions } from "../src/database/pool.ts";
import { read, withTransaction } from "../src/database/retry.ts";
import { openPool, openTestPool, testUrl } from "./database.ts";

const signal = AbortSignal.timeout(60_000);
const options = { applicationName: "test", maxConnections: 2, maxRetries: 10, statementTimeout: 10_000 };
const pool = await openTestPool();
after(() => pool.close());

/**
 * Adds 1 to a balance that it reads first; between the two another transaction adds 100. Returns what is
 * there in the end, and how often the function that does it was run.
 */
async function addOne(transaction: (fn: (tx: EntityManager) => Promise<void>) => Promise<void>) {
  const { id } = await withTransaction(
    pool,
    (tx) => tx.save(AccountEntity, { owner: "Ada", balance: 0 }),
    signal,
  );
  let runs = 0;
  await transaction(async (tx) => {
    const { balance } = await tx.findOneByOrFail(AccountEntity, { id });
    if (runs++ === 0) {
      await withTransaction(pool, (other) => other.increment(AccountEntity, { id }, "balance", 100), signal);
    }
    await tx.update(AccountEntity, { id }, { balance: balance + 1 });
  });
  const { balance } = await read(pool, (db) => db.findOneByOrFail(AccountEntity, { id }), signal);
  return { balance, runs };
}

test("TypeORM's own retry sends the first run's values again, and loses an update", async (t) => {
  const own = new DataSource({ ...dataSourceOptions(testUrl, options), maxTransactionRetries: 5 });
  await own.initialize();
  t.after(() => own.destroy());
  assert.deepEqual(await addOne((fn) => own.transaction(fn)), { balance: 1, runs: 1 });
});

test("the loop runs the function again, and loses none", async () => {
  assert.deepEqual(await addOne((fn) => withTransaction(pool, fn, signal)), { balance: 101, runs: 2 });
});

async function listen(server: Server, after: (stop: () => void) => void): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("a database that hangs while TypeORM initializes is asked again", async (t) => {
  const url = new URL(testUrl);
  if (url.searchParams.get("sslmode") !== "disable") {
    return t.skip("TLS hides the query from this test");
  }
  const target = { host: url.hostname, port: Number(url.port || 26257) };
  let hangs = true;
  const proxy = createServer((client) => {
    const server = connect(target);
    client.on("data", (data) => !(hangs && data.includes("current_schema")) && server.write(data));
    server.on("data", (data) => client.write(data));
    client.on("error", () => undefined).on("close", () => server.destroy());
    server.on("error", () => undefined).on("close", () => client.destroy());
  });
  url.host = `127.0.0.1:${await listen(proxy, (stop) => t.after(stop))}`;
  const lazy = openPool(url.href);
  t.after(() => lazy.close());
  await assert.rejects(lazy.ping(AbortSignal.timeout(500)), UnavailableError);
  hangs = false;
  await lazy.ping(signal);
});

/** A server that speaks no TLS, and what it was sent. */
async function plainServer(after: (stop: () => void) => void) {
  const received: Buffer[] = [];
  const server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      received.push(data);
      if (data.readInt32BE(4) === sslRequest) {
        socket.write("N");
      } else {
        socket.destroy();
      }
    });
  });
  const port = await listen(server, after);
  return { received, url: `postgresql://ada:hush@127.0.0.1:${port}/app?sslmode=verify-full` };
}

const sslRequest = 80_877_103;

test("a verify-full URL never goes out in plain text", async (t) => {
  const { received, url } = await plainServer((stop) => t.after(stop));
  const secure = openPool(url);
  t.after(() => secure.close());
  await assert.rejects(secure.ping(signal), UnavailableError);
  assert.ok(received.length > 0);
  for (const data of received) {
    assert.deepEqual([data.length, data.readInt32BE(4)], [8, sslRequest]);
  }
});

test("TypeORM by itself would send it so", async (t) => {
  const { received, url } = await plainServer((stop) => t.after(stop));
  const careless = new DataSource({ type: "cockroachdb", url, timeTravelQueries: false });
  await assert.rejects(careless.initialize());
  assert.match(received[0]?.toString("latin1") ?? "", /user\0ada\0database\0app\0/);
});

test("the parameters of the URL arrive", () => {
  const url =
    "postgresql://ada:p%40ss@[::1]:26258/my%20app?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123";
  const { host, port, username, password, database, ssl, extra } = dataSourceOptions(url, options);
  assert.deepEqual([host, port, username, password, database], ["::1", 26258, "ada", "p@ss", "my app"]);
  assert.deepEqual(ssl, { rejectUnauthorized: true });
  assert.partialDeepStrictEqual(extra, { options: "--cluster=funny-skunk-123", application_name: "test" });
});
