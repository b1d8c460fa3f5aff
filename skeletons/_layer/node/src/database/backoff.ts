import { setTimeout } from "node:timers/promises";

const base = 50; // milliseconds
const cap = 2_000;

/**
 * How long to wait before retry n, counted from 0: exponential with full jitter, a random time below
 * min(cap, base·2ⁿ), so that those who collided spread out.
 */
export function backoff(n: number): number {
  return Math.random() * backoffCeiling(n);
}

export function backoffCeiling(n: number): number {
  return Math.min(cap, base * 2 ** n);
}

/** Sleeps, and reports false as soon as the signal ends the sleep. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
