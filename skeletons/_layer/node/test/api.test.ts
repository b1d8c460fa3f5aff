import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pino } from "pino";
import { maxMoney, type Store } from "../src/bank/bank.ts";
import { SqlStore } from "../src/bank/store.ts";
import { startClient } from "./client.ts";
import { openTestPool } from "./database.ts";

const nowhere = "01234567-89ab-4def-8123-456789abcdef"; // the id of nothing

const pool = await openTestPool();
after(() => pool.close());
const client = await startClient(after, new SqlStore(pool), (signal) => pool.ping(signal));

test("health", async () => {
  assert.deepEqual((await client.want(200, "GET", "/healthz")).body, { status: "ok" });
  assert.deepEqual((await client.want(200, "GET", "/readyz")).body, { status: "ready" });
});

test("an account is made, read, renamed and deleted", async () => {
  const { body: account, headers } = await client.want(201, "POST", "/accounts", { owner: "Ada" });
  const path = `/accounts/${account.id}`;
  assert.equal(headers.get("Location"), path);
  assert.equal(account.balance, 0);
  assert.match(account.created_at, /Z$/);
  assert.deepEqual((await client.want(200, "GET", `/accounts/${account.id.toUpperCase()}`)).body, account);

  const renamed = await client.want(200, "PATCH", path, { owner: " Grace 👩‍🚀 " });
  assert.deepEqual(renamed.body, { ...account, owner: " Grace 👩‍🚀 " });

  await client.want(204, "DELETE", path, undefined, { "Content-Type": "application/json" });
  await client.want(404, "GET", path);
  await client.want(404, "PATCH", path, { owner: "Grace" });
  await client.want(404, "DELETE", path);
});

test("what does not exist is 404", async () => {
  for (const path of [
    "/nothing",
    "/accounts/none",
    `/accounts/${nowhere.replaceAll("-", "")}`,
    `/accounts/{${nowhere}}`,
    "/accounts/%00",
    `/transfers/${nowhere}`,
  ]) {
    await client.want(404, "GET", path);
  }
});

test("pages hold every account once, in the order of their ids", async () => {
  const mine = new Set<string>();
  for (let i = 0; i < 5; i++) {
    mine.add(await client.account(0));
  }
  const seen: string[] = [];
  for (let after = "", more = true; more; ) {
    const { body } = await client.want(200, "GET", `/accounts?limit=100${after}`);
    seen.push(...body.accounts.map(({ id }: { id: string }) => id));
    assert.ok(body.next === null || body.next === seen.at(-1));
    more = body.next !== null;
    after = `&after=${body.next}`;
  }
  assert.deepEqual(seen, [...new Set(seen)].sort());
  assert.ok(mine.isSubsetOf(new Set(seen)));
});

test("a query string that is wrong is 400", async () => {
  for (const query of [
    "limit=0",
    "limit=101",
    "limit=",
    "limit=%2B5",
    "limit=1.5",
    "limit=0x10",
    "limit=1e1",
    "limit=1&limit=2",
    "after=",
    "after=x",
  ]) {
    await client.want(400, "GET", `/accounts?${query}`);
  }
});

test("an account that is wrong is 400", async () => {
  for (const body of [
    "{",
    "null",
    "[]",
    '"Ada"',
    '{"owner":"Ada"} {}',
    '{"owner":"Ada"}x',
    Buffer.from('{"owner":"\xff"}', "latin1"),
    "{}",
    '{"owner":null}',
    '{"owner":7}',
    '{"Owner":"Ada"}',
    '{"owner":"Ada","OWNER":"Ada"}',
    '{"owner":"Ada","role":"admin"}',
    '{"owner":"Ada","__proto__":{}}',
    '{"owner":""}',
    '{"owner":" \u2003 "}',
    '{"owner":"\\u0000"}',
    '{"owner":"\\ud800"}',
    '{"owner":"\\udc00\\ud800"}',
    { owner: "é".repeat(101) },
    '{"owner":"Ada","balance":-1}',
    '{"owner":"Ada","balance":1.5}',
    '{"owner":"Ada","balance":"1"}',
    '{"owner":"Ada","balance":null}',
    '{"owner":"Ada","balance":9007199254740992}',
    '{"owner":"Ada","balance":9007199254740991.4}',
    '{"owner":"Ada","balance":1e400}',
  ]) {
    await client.want(400, "POST", "/accounts", body);
  }
});

test("an account that is unusual is made", async () => {
  for (const body of [
    { owner: "😀".repeat(100) },
    '{"owner":"\\ud83d\\ude00"}',
    '{"owner":"\\\\ud800"}',
    '{"owner":"\\u200b"}',
    { owner: "Ada", balance: maxMoney },
  ]) {
    await client.want(201, "POST", "/accounts", body);
  }
});

test("every field that is wrong is named", async () => {
  const { body } = await client.want(400, "POST", "/accounts", { owner: "", balance: -1, role: "admin" });
  assert.deepEqual(body.errors, [
    { field: "role", message: "is unknown" },
    { field: "owner", message: "must not be blank" },
    { field: "balance", message: "must be >= 0" },
  ]);
});

test("a transfer that is wrong is 400", async () => {
  const [a, b] = [await client.account(1), await client.account(1)];
  for (const body of [
    { from: a, to: a, amount: 1 },
    { from: a, to: a.toUpperCase(), amount: 1 },
    { from: a, to: b, amount: 0 },
    { from: a, to: b, amount: -1 },
    { from: "x", to: b, amount: 1 },
    { from: a, to: b },
  ]) {
    await client.want(400, "POST", "/transfers", body);
  }
  for (const key of ["", "two words", "café", "k".repeat(256)]) {
    const headers = { "Idempotency-Key": key };
    await client.want(400, "POST", "/transfers", { from: a, to: b, amount: 1 }, headers);
  }
});

test("path, method, media type and size are checked before the body", async () => {
  const { headers } = await client.want(405, "PUT", "/accounts", "{");
  assert.equal(headers.get("Allow"), "GET, HEAD, POST");
  await client.want(404, "POST", "/nothing", "{", { "Content-Type": "text/plain" });
  await client.want(415, "POST", "/accounts", '{"owner":"Ada"}', { "Content-Type": "text/plain" });
  await client.want(415, "POST", "/accounts");
  await client.want(413, "POST", "/accounts", `{"owner":"${"a".repeat(3 << 20)}`);

  const chunked = await fetch(`${client.url}/accounts`, {
    method: "POST",
    headers: { "Content-Type": "application/json; charset=utf-8" },
    body: new Blob(["a".repeat(3 << 20)]).stream(), // of unknown length, so it is sent in chunks
    duplex: "half",
  });
  assert.equal(chunked.status, 413);
});

test("a transfer moves money", async () => {
  const [a, b, full] = [await client.account(100), await client.account(0), await client.account(maxMoney)];
  const body = { from: a, to: b.toUpperCase(), amount: 30 };
  const made = await client.want(201, "POST", "/transfers", body);
  const read = await client.want(200, "GET", made.headers.get("Location") ?? "");
  assert.deepEqual(read.body, made.body);
  assert.deepEqual(
    { ...read.body, id: "", created_at: "" },
    { id: "", from: a, to: b, amount: 30, created_at: "" },
  );
  assert.deepEqual([await client.balance(a), await client.balance(b)], [70, 30]);

  await client.want(409, "POST", "/transfers", { from: a, to: b, amount: 71 });
  await client.want(409, "POST", "/transfers", { from: a, to: full, amount: 1 });
  await client.want(404, "POST", "/transfers", { from: a, to: nowhere, amount: 1 });
  await client.want(404, "POST", "/transfers", { from: nowhere, to: a, amount: 1 });
  await client.want(409, "DELETE", `/accounts/${a}`);
});

test("a key moves money once", async () => {
  const [from, to] = [await client.account(100), await client.account(0)];
  const headers = { "Idempotency-Key": `key-${from}` };
  // A transfer that failed does not use the key up.
  await client.want(409, "POST", "/transfers", { from, to, amount: 101 }, headers);
  const first = await client.want(201, "POST", "/transfers", { from, to, amount: 100 }, headers);
  const again = await client.want(201, "POST", "/transfers", { from, to, amount: 100 }, headers);
  assert.deepEqual(again.body, first.body);
  assert.equal(await client.balance(to), 100);
  await client.want(422, "POST", "/transfers", { from, to, amount: 99 }, headers);
  await client.want(422, "POST", "/transfers", { from: to, to: from, amount: 100 }, headers);
});

test("a key moves money once, also in a race", async () => {
  const [from, to] = [await client.account(100), await client.account(0)];
  const headers = { "Idempotency-Key": `race-${from}` };
  const send = () => client.want(201, "POST", "/transfers", { from, to, amount: 10 }, headers);
  const answers = await Promise.all(Array.from({ length: 10 }, send));
  assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  assert.equal(await client.balance(to), 10);
});

test("money is kept under contention", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => client.account(100)));
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const [from, to] = [ids[i % 5], ids[(i + 1 + (Math.floor(i / 5) % 4)) % 5]];
      return client.send("POST", "/transfers", { from, to, amount: 1 + (i % 60) });
    }),
  );
  for (const { status, body } of answers) {
    assert.ok(status === 201 || status === 409, `${status} ${JSON.stringify(body)}`);
  }
  const balances = await Promise.all(ids.map((id) => client.balance(id)));
  assert.ok(balances.every((balance) => balance >= 0));
  assert.equal(
    balances.reduce((sum, balance) => sum + balance),
    500,
  );
});

test("an error of the program is a 500 that says nothing, and the log says what", async (t) => {
  const lines: string[] = [];
  const log = pino({}, { write: (line) => lines.push(line) });
  const broken = {
    account: async () => {
      throw new TypeError("the inside");
    },
  };
  const own = await startClient((stop) => t.after(stop), broken as unknown as Store, undefined, log);
  const { body } = await own.want(500, "GET", `/accounts/${nowhere}`);
  assert.doesNotMatch(JSON.stringify(body), /inside/);
  assert.match(lines.join(""), /TypeError: the inside/);
});

test("one probe at a time", async (t) => {
  let probes = 0;
  const hang = (signal: AbortSignal) => {
    probes++;
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const own = await startClient((stop) => t.after(stop), {} as Store, hang);
  const answers = await Promise.all(Array.from({ length: 20 }, () => own.want(503, "GET", "/readyz")));
  assert.ok(answers.every(({ headers }) => headers.has("Retry-After")));
  assert.equal(probes, 1);
});
