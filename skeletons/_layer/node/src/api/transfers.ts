import type { FastifyInstance } from "fastify";
import { maxMoney, type Store, type Transfer, transferNotFound } from "../bank/bank.ts";
import { pathId } from "./id.ts";
import { badRequest } from "./problem.ts";

const newTransfer = {
  type: "object",
  additionalProperties: false,
  required: ["from", "to", "amount"],
  properties: {
    from: { type: "string", format: "uuid" },
    to: { type: "string", format: "uuid" },
    amount: { type: "integer", minimum: 1, maximum: maxMoney },
  },
};

const headers = {
  type: "object",
  properties: { "idempotency-key": { type: "string", pattern: "^[!-~]{1,255}$" } },
};

interface NewTransfer {
  from: string;
  to: string;
  amount: number;
}

export function transferRoutes(app: FastifyInstance, store: Store): void {
  app.post<{ Body: NewTransfer; Headers: { "idempotency-key"?: string } }>(
    "/transfers",
    { schema: { body: newTransfer, headers } },
    async (request, reply) => {
      const from = request.body.from.toLowerCase();
      const to = request.body.to.toLowerCase();
      if (from === to) {
        throw badRequest([{ field: "to", message: "must be another account than from" }]);
      }
      const order = { from, to, amount: request.body.amount, key: request.headers["idempotency-key"] };
      const transfer = await store.createTransfer(order, request.deadline);
      return reply.code(201).header("Location", `/transfers/${transfer.id}`).send(asJson(transfer));
    },
  );

  app.get<{ Params: { id: string } }>("/transfers/:id", async (request) => {
    return asJson(await store.transfer(pathId(request.params.id, transferNotFound), request.deadline));
  });
}

function asJson({ id, from, to, amount, createdAt }: Transfer) {
  return { id, from, to, amount, created_at: createdAt };
}
