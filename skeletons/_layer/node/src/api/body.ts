import type { FastifyRequest } from "fastify";
import { badRequest, Problem } from "./problem.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Lets no request past whose route reads a body, but which does not send JSON. */
export async function wantJson(request: FastifyRequest): Promise<void> {
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (readsBody(request) && mediaType.trim().toLowerCase() !== "application/json") {
    throw new Problem(415, "the body must be application/json");
  }
}

/** Parses a body as far as that can be done without knowing what should be in it. */
export async function parseBody(request: FastifyRequest, body: Buffer): Promise<unknown> {
  if (!readsBody(request)) {
    return undefined; // some clients send a Content-Type with every DELETE, and nothing after it
  }
  try {
    return JSON.parse(utf8.decode(body), exact as (key: string, value: unknown) => unknown);
  } catch (error) {
    if (error instanceof Problem) {
      throw error;
    }
    const message = error instanceof SyntaxError ? `is not JSON: ${error.message}` : "cannot be read";
    throw badRequest([{ field: "body", message }]);
  }
}

function readsBody(request: FastifyRequest): boolean {
  return request.routeOptions.schema?.body !== undefined;
}

/**
 * A reviver that refuses what JSON.parse would change or PostgreSQL's text could not hold: a number that
 * was rounded to an integer, half of a surrogate pair, NUL.
 */
function exact(key: string, value: unknown, { source = "" }: { source?: string }): unknown {
  if (typeof value === "number" && Number.isInteger(value) && !/^-?\d+$/.test(source)) {
    throw badRequest([{ field: key, message: "must be written as an integer" }]);
  }
  if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0"))) {
    throw badRequest([{ field: key, message: "must not contain NUL or half of a surrogate pair" }]);
  }
  return value;
}
