import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SqlStore } from "../src/bank/store.ts";
import { openTestPool } from "./database.ts";

const signal = AbortSignal.timeout(60_000);
const pool = await openTestPool();
after(() => pool.close());

test("an INT8 that a number cannot hold is an error", async () => {
  const store = new SqlStore(pool);
  const { id: from } = await store.createAccount("Ada", 0, signal);
  const { id: to } = await store.createAccount("Grace", 0, signal);
  for (const amount of [9007199254740991n, 9007199254740992n]) {
    const data = { from, to, amount };
    const { id } = await pool.prisma.$withTransaction((tx) => tx.transfer.create({ data }), signal);
    if (amount <= Number.MAX_SAFE_INTEGER) {
      assert.equal((await store.transfer(id, signal)).amount, Number.MAX_SAFE_INTEGER);
    } else {
      await assert.rejects(store.transfer(id, signal), RangeError);
    }
  }
});
