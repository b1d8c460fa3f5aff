import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyReply } from "fastify";
import { ConflictError, KeyReusedError, NotFoundError } from "../bank/bank.ts";
import { OutcomeUnknownError, UnavailableError } from "../database/errors.ts";
import { fieldErrors } from "./validation.ts";

export interface FieldError {
  field: string;
  message: string;
}

interface Extra {
  type?: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

/** An error that is its own answer: problem details, RFC 9457. */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly #extra: Extra;

  constructor(status: number, detail: string, extra: Extra = {}) {
    super(detail);
    this.status = status;
    this.headers = extra.headers ?? {};
    this.#extra = extra;
  }

  send(reply: FastifyReply): FastifyReply {
    const { type = "about:blank", errors } = this.#extra;
    const title = STATUS_CODES[this.status];
    return reply
      .code(this.status)
      .headers(this.headers)
      .type("application/problem+json")
      .send({ type, title, status: this.status, detail: this.message, errors });
  }
}

export function badRequest(errors: FieldError[]): Problem {
  return new Problem(400, "the request is malformed", { errors });
}

/** Says what an error means to a client, and nothing about the inside. */
export function problemFor(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof NotFoundError) {
    return new Problem(404, error.message);
  }
  if (error instanceof ConflictError) {
    return new Problem(409, error.message);
  }
  if (error instanceof KeyReusedError) {
    return new Problem(422, error.message);
  }
  if (error instanceof OutcomeUnknownError) {
    return new Problem(
      503,
      "the connection to the database broke while the change was being committed; it may have been made or not",
      { type: "urn:problem:outcome-unknown" },
    );
  }
  if (error instanceof UnavailableError) {
    return new Problem(503, "the database did not answer in time; nothing was changed", {
      headers: { "Retry-After": "1" },
    });
  }
  return frameworkProblem(error as FastifyError);
}

function frameworkProblem(error: FastifyError): Problem {
  if (error.validation) {
    return badRequest(fieldErrors(error));
  }
  switch (error.statusCode) {
    case 400:
      return badRequest([{ field: "body", message: "cannot be read to its end" }]);
    case 413:
      return new Problem(413, "the body must not exceed 1 MiB");
    case 415:
      return new Problem(415, "the body must be application/json");
    default:
      return new Problem(500, "the server met an error; its log says which");
  }
}
