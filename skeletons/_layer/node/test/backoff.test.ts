import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, backoffCeiling, wait } from "../src/database/backoff.ts";

test("the ceiling doubles up to its cap", () => {
  assert.deepEqual([0, 1, 5, 6, 10_000].map(backoffCeiling), [50, 100, 1600, 2000, 2000]);
});

test("the wait is anything below the ceiling", () => {
  const waits = new Set(Array.from({ length: 100 }, () => backoff(3)));
  assert.ok(waits.size > 50);
  assert.ok([...waits].every((ms) => ms >= 0 && ms < backoffCeiling(3)));
});

test("the signal ends the wait", async () => {
  const start = performance.now();
  assert.equal(await wait(60_000, AbortSignal.timeout(50)), false);
  assert.ok(performance.now() - start < 1_000);
  assert.equal(await wait(1, AbortSignal.timeout(1_000)), true);
});
