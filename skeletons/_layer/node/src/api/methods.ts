import type { FastifyInstance } from "fastify";
import { Problem } from "./problem.ts";

/** The methods of each path whose routes are added from here on. */
export function collectMethods(app: FastifyInstance): Map<string, string[]> {
  const allowed = new Map<string, string[]>();
  app.addHook("onRoute", ({ url, method }) => {
    allowed.set(url, [...(allowed.get(url) ?? []), ...[method].flat()]);
  });
  return allowed;
}

/** Fastify says 404 where another method of the path is meant; this says 405. */
export function refuseOtherMethods(app: FastifyInstance, allowed: Map<string, string[]>): void {
  for (const [url, methods] of [...allowed]) {
    const refused = app.supportedMethods.filter((method) => !methods.includes(method));
    const allow = methods.sort().join(", ");
    const refuse = async () => {
      throw new Problem(405, `this path allows ${allow}`, { headers: { Allow: allow } });
    };
    // In onRequest, because a handler runs after the body was read and found wanting.
    app.route({ method: refused, url, onRequest: refuse, handler: refuse });
  }
}
