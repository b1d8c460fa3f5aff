import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { describe } from "../database/errors.ts";
import { sqlState } from "../database/sqlstate.ts";

/** Logs each request at its end, and closes the connections of a stopping server when none is left. */
export function followRequests(app: FastifyInstance, log: FastifyBaseLogger): void {
  let inFlight = 0;
  let closing = false;
  // Node would wait for a connection that has asked for nothing yet, or may ask for more.
  const closeUnused = () => closing && inFlight === 0 && app.server.closeAllConnections();
  app.addHook("onRequest", async (request, reply) => {
    inFlight++;
    reply.raw.once("close", () => {
      inFlight--;
      logRequest(log, request, reply, request.failure);
      closeUnused();
    });
  });
  app.addHook("preClose", async () => {
    closing = true;
    setImmediate(closeUnused); // when the server takes no more connections
  });
}

export function logRequest(
  log: FastifyBaseLogger,
  request: FastifyRequest,
  reply: FastifyReply,
  failure: unknown,
) {
  // 499, as nginx has it: the client went away before its answer.
  const status = reply.raw.writableFinished || !reply.raw.destroyed ? reply.statusCode : 499;
  const fields = {
    method: request.method,
    path: request.url.split("?", 1)[0],
    status,
    ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
    sqlstate: sqlState(failure),
    error: failure && describe(failure),
    stack: status === 500 && failure instanceof Error ? failure.stack : undefined,
  };
  log[status >= 500 ? "error" : "info"](fields, "request");
}
