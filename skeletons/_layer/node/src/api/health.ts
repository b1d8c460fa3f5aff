import { setTimeout } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { UnavailableError } from "../database/errors.ts";

/** Runs a query. */
export type Ping = (signal: AbortSignal) => Promise<void>;

/** Leaves time to say, within two seconds, that the database does not answer. */
const probeTimeout = 1_800;

export function healthRoutes(app: FastifyInstance, ping: Ping): void {
  // Tells that the process serves. It does not ask the database: to restart this process would not bring
  // the database back.
  app.get("/healthz", async () => ({ status: "ok" }));

  // The database is asked one question at a time, however many ask here: one that hangs must not be met by
  // a queue of questions. The signal is not a request's, for others may wait when that request is gone.
  let probe: Promise<void> | undefined;
  app.get("/readyz", async () => {
    probe ??= ping(AbortSignal.timeout(probeTimeout)).finally(() => {
      probe = undefined;
    });
    try {
      await Promise.race([probe, late()]);
    } catch (error) {
      throw new UnavailableError("not ready", { cause: error });
    }
    return { status: "ready" };
  });
}

async function late(): Promise<never> {
  await setTimeout(probeTimeout, undefined, { ref: false });
  throw new Error("no answer in time");
}
