import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Store } from "../bank/bank.ts";
import { accountRoutes } from "./accounts.ts";
import { parseBody, wantJson } from "./body.ts";
import { healthRoutes, type Ping } from "./health.ts";
import { collectMethods, refuseOtherMethods } from "./methods.ts";
import { Problem, problemFor } from "./problem.ts";
import { followRequests, logRequest } from "./requests.ts";
import { transferRoutes } from "./transfers.ts";
import { validatorCompiler } from "./validation.ts";

/** For everything a request does: its body, waiting, retries, and the answer. */
const requestTimeout = 10_000;

declare module "fastify" {
  interface FastifyRequest {
    /** Aborts when the request's time is over. */
    deadline: AbortSignal;
    /** What went wrong, for the log. */
    failure: unknown;
  }
}

/** The whole API. openapi.yaml describes it. */
export function buildApp(store: Store, ping: Ping, log: FastifyBaseLogger): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }), // logRequest writes one line, not two
    bodyLimit: 1 << 20,
    requestTimeout, // to receive the request; the deadline below is for the rest
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // A path that cannot be decoded or is far too long is met before there is a route, and so before all hooks.
    frameworkErrors: (error, request, reply) => {
      nothingHere().send(reply);
      logRequest(log, request, reply, error);
    },
  });
  app.decorateRequest("deadline");
  app.decorateRequest("failure");
  followRequests(app, log);
  app.addHook("onRequest", async (request) => {
    request.deadline = AbortSignal.timeout(requestTimeout);
    if (request.is404) {
      throw nothingHere();
    }
  });
  app.addHook("onRequest", wantJson);
  app.setErrorHandler((error, request, reply) => {
    request.failure = error;
    // Fastify would close the connection of a body that it did not read to its end. Node reads the rest, in
    // the time that a request has; to close on a client that is still sending could lose it the answer.
    if (reply.hasHeader("connection")) {
      reply.removeHeader("connection");
    }
    return problemFor(error).send(reply);
  });

  app.setValidatorCompiler(validatorCompiler);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseBody);

  const allowed = collectMethods(app);
  healthRoutes(app, ping);
  accountRoutes(app, store);
  transferRoutes(app, store);
  refuseOtherMethods(app, allowed);
  return app;
}

const nothingHere = () => new Problem(404, "there is nothing at this path");
