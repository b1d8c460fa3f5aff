/** Sends requests to a server of its own, and checks what every answer must be. */
import assert from "node:assert/strict";
import { STATUS_CODES } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import { buildApp } from "../src/api/app.ts";
import type { Ping } from "../src/api/health.ts";
import type { Store } from "../src/bank/bank.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON comes
  body: any;
}

const silent = pino({ level: "silent" });

export async function startClient(
  after: (stop: () => Promise<void>) => void,
  store: Store,
  ping: Ping = async () => undefined,
  log: FastifyBaseLogger = silent,
): Promise<Client> {
  const app = buildApp(store, ping, log);
  after(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  return new Client(app.listeningOrigin);
}

export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Sends the body, where there is one, as JSON; an object is written as JSON first. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const init: RequestInit = { method, headers: { ...headers } };
    if (body !== undefined) {
      init.headers = { "Content-Type": "application/json", ...headers };
      init.body =
        typeof body === "object" && !(body instanceof Uint8Array) ? JSON.stringify(body) : (body as string);
    }
    const response = await fetch(this.url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
  }

  /** The same, and fails unless the answer has the status and, if it is an error, is a whole problem. */
  async want(status: number, ...request: Parameters<Client["send"]>): Promise<Answer> {
    const answer = await this.send(...request);
    assert.equal(answer.status, status, `${request.join(" ")}: ${JSON.stringify(answer.body)}`);
    if (status >= 400) {
      assert.match(answer.headers.get("Content-Type") ?? "", /^application\/problem\+json/);
      assert.equal(answer.body.status, status);
      assert.equal(answer.body.title, STATUS_CODES[status]);
      assert.ok(answer.body.type && answer.body.detail);
      assert.equal(status === 400, answer.body.errors?.length > 0);
    }
    return answer;
  }

  async account(balance: number): Promise<string> {
    return (await this.want(201, "POST", "/accounts", { owner: "Ada", balance })).body.id;
  }

  async balance(id: string): Promise<number> {
    return (await this.want(200, "GET", `/accounts/${id}`)).body.balance;
  }
}
