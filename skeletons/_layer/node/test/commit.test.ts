import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer } from "node:net";
import { after, test } from "node:test";
import { SqlStore } from "../src/bank/store.ts";
import { startClient } from "./client.ts";
import { openTestPool, testUrl } from "./database.ts";

const url = new URL(testUrl);
const target = { host: url.hostname, port: Number(url.port || 26257) };
const skip = url.searchParams.get("sslmode") !== "disable" && "TLS hides COMMIT from this test";

/** Where the next COMMIT breaks: before the database sees it, or when it has been done and before the answer. */
let armed: "before" | "after" | undefined;

/** RELEASE of this savepoint, where a tool sets it, commits before COMMIT does. */
const commits = /commit|release savepoint cockroach_restart/i;

/** Stands between the program and the database, and breaks the connection in the COMMIT it is armed for. */
const breaker = createServer((client) => {
  const server = connect(target);
  let muted = false; // the client hears nothing more
  client.on("data", (request) => {
    if (armed && commits.test(request.toString("latin1"))) {
      muted = true;
      if (armed === "before") {
        client.destroy();
      }
      armed = undefined;
    }
    if (!client.destroyed) {
      server.write(request);
    }
  });
  server.on("data", (answer) => (muted ? client.destroy() : client.write(answer)));
  client.on("error", () => undefined).on("close", () => server.destroy());
  server.on("error", () => undefined).on("close", () => client.destroy());
});

await new Promise<void>((resolve) => breaker.listen(0, "127.0.0.1", resolve));
url.host = `127.0.0.1:${(breaker.address() as AddressInfo).port}`;
const pool = await openTestPool(url.href);
const client = await startClient(after, new SqlStore(pool));
after(async () => {
  await pool.close();
  breaker.close();
});

for (const where of ["before", "after"] as const) {
  test(`an unknown outcome is decided by the key: broken ${where} COMMIT`, { skip }, async () => {
    const [from, to] = [await client.account(10), await client.account(0)];
    const headers = { "Idempotency-Key": where + from };
    armed = where;
    const made = await client.want(201, "POST", "/transfers", { from, to, amount: 10 }, headers);
    const again = await client.want(201, "POST", "/transfers", { from, to, amount: 10 }, headers);
    assert.equal(armed, undefined);
    assert.deepEqual(again.body, made.body);
    assert.deepEqual([await client.balance(from), await client.balance(to)], [0, 10]);
  });

  test(`an unknown outcome without a key is said: broken ${where} COMMIT`, { skip }, async () => {
    const [from, to] = [await client.account(10), await client.account(0)];
    armed = where;
    const { body, headers } = await client.want(503, "POST", "/transfers", { from, to, amount: 10 });
    assert.equal(body.type, "urn:problem:outcome-unknown");
    assert.equal(headers.get("Retry-After"), null);
    assert.equal(await client.balance(to), where === "before" ? 0 : 10);
  });
}
