import type { FastifyInstance } from "fastify";
import { type Account, accountNotFound, maxMoney, type Store } from "../bank/bank.ts";
import { pathId } from "./id.ts";

const owner = { type: "string", maxLength: 100, notBlank: true };

const newAccount = {
  type: "object",
  additionalProperties: false,
  required: ["owner"],
  properties: { owner, balance: { type: "integer", minimum: 0, maximum: maxMoney, default: 0 } },
};

const accountUpdate = {
  type: "object",
  additionalProperties: false,
  required: ["owner"],
  properties: { owner },
};

const page = {
  type: "object",
  properties: {
    limit: {
      // Digits first: what is read from a string as an integer may also be 0x10 or 1e1.
      allOf: [
        { type: "string", pattern: "^[0-9]+$" },
        { type: "integer", minimum: 1, maximum: 100 },
      ],
      default: 50,
    },
    after: { type: "string", format: "uuid", default: "00000000-0000-0000-0000-000000000000" },
  },
};

interface WithId {
  id: string;
}

export function accountRoutes(app: FastifyInstance, store: Store): void {
  app.post<{ Body: { owner: string; balance: number } }>(
    "/accounts",
    { schema: { body: newAccount } },
    async (request, reply) => {
      const { owner, balance } = request.body;
      const account = await store.createAccount(owner, balance, request.deadline);
      return reply.code(201).header("Location", `/accounts/${account.id}`).send(asJson(account));
    },
  );

  app.get<{ Querystring: { limit: number; after: string } }>(
    "/accounts",
    { schema: { querystring: page } },
    async (request) => {
      const { after, limit } = request.query;
      const { accounts, more } = await store.accounts(after, limit, request.deadline);
      return { accounts: accounts.map(asJson), next: (more && accounts.at(-1)?.id) || null };
    },
  );

  app.get<{ Params: WithId }>("/accounts/:id", async (request) => {
    return asJson(await store.account(pathId(request.params.id, accountNotFound), request.deadline));
  });

  app.patch<{ Params: WithId; Body: { owner: string } }>(
    "/accounts/:id",
    { schema: { body: accountUpdate } },
    async (request) => {
      const id = pathId(request.params.id, accountNotFound);
      return asJson(await store.renameAccount(id, request.body.owner, request.deadline));
    },
  );

  app.delete<{ Params: WithId }>("/accounts/:id", async (request, reply) => {
    await store.deleteAccount(pathId(request.params.id, accountNotFound), request.deadline);
    return reply.code(204).send();
  });
}

function asJson({ id, owner, balance, createdAt }: Account) {
  return { id, owner, balance, created_at: createdAt };
}
