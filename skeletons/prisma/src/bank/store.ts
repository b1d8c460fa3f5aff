import { OutcomeUnknownError } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import type { Database, Transaction } from "../database/retry.ts";
import { sqlState } from "../database/sqlstate.ts";
import { Prisma } from "../generated/prisma/client.ts";
import {
  type Account,
  accountInUse,
  accountNotFound,
  checkFunds,
  type Order,
  type Page,
  type Store,
  sameTransfer,
  type Transfer,
  transferNotFound,
} from "./bank.ts";

/** The SQLSTATEs that mean something here; Prisma calls them P2003 and P2002. */
const foreignKeyViolation = "23503";
const uniqueViolation = "23505";

/** Prisma's code where an update or delete finds no row; the server knows no error for that. */
const recordNotFound = "P2025";

/** Keeps accounts and transfers in CockroachDB. */
export class SqlStore implements Store {
  readonly #prisma: Database;

  constructor(pool: Pool) {
    this.#prisma = pool.prisma;
  }

  createAccount(owner: string, balance: number, signal: AbortSignal): Promise<Account> {
    return this.#prisma.$withTransaction(
      async (tx) => asAccount(await tx.account.create({ data: { owner, balance } })),
      signal,
    );
  }

  async account(id: string, signal: AbortSignal): Promise<Account> {
    const account = await this.#prisma.$read((prisma) => prisma.account.findFirst({ where: { id } }), signal);
    if (account === null) {
      throw accountNotFound(id);
    }
    return asAccount(account);
  }

  async accounts(after: string, limit: number, signal: AbortSignal): Promise<Page> {
    const page = { where: { id: { gt: after } }, orderBy: { id: "asc" }, take: limit + 1 } as const;
    const accounts = await this.#prisma.$read((prisma) => prisma.account.findMany(page), signal);
    return { accounts: accounts.slice(0, limit).map(asAccount), more: accounts.length > limit };
  }

  async renameAccount(id: string, owner: string, signal: AbortSignal): Promise<Account> {
    try {
      return await this.#prisma.$withTransaction(
        async (tx) => asAccount(await tx.account.update({ where: { id }, data: { owner } })),
        signal,
      );
    } catch (error) {
      throw isNotFound(error) ? accountNotFound(id) : error;
    }
  }

  async deleteAccount(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#prisma.$withTransaction((tx) => tx.account.delete({ where: { id } }), signal);
    } catch (error) {
      if (isNotFound(error)) {
        throw accountNotFound(id);
      }
      throw sqlState(error) === foreignKeyViolation ? accountInUse() : error;
    }
  }

  async transfer(id: string, signal: AbortSignal): Promise<Transfer> {
    const transfer = await this.#prisma.$read(
      (prisma) => prisma.transfer.findFirst({ where: { id } }),
      signal,
    );
    if (transfer === null) {
      throw transferNotFound(id);
    }
    return asTransfer(transfer);
  }

  /** Moves money, once for each key. */
  createTransfer(order: Order, signal: AbortSignal): Promise<Transfer> {
    const run = () => this.#prisma.$withTransaction((tx) => createTransfer(tx, order), signal);
    if (order.key === undefined) {
      return run();
    }
    return (
      run()
        // The key finds what was done, and if nothing was, this run does it.
        .catch((error) => (error instanceof OutcomeUnknownError ? run() : Promise.reject(error)))
        // Another request with this key was faster: this run finds its transfer.
        .catch((error) => (sqlState(error) === uniqueViolation ? run() : Promise.reject(error)))
    );
  }
}

async function createTransfer(tx: Transaction, order: Order): Promise<Transfer> {
  const { from, to, amount, key } = order;
  if (key !== undefined) {
    const made = await tx.transfer.findFirst({ where: { idempotencyKey: key } });
    if (made !== null) {
      return sameTransfer(asTransfer(made), order);
    }
  }
  // Both accounts, in the order of their ids and in one statement, before anything is decided: transactions
  // that want the same accounts then queue instead of restarting each other. Prisma's queries lock nothing.
  const rows = await tx.$queryRaw<{ id: string; balance: bigint }[]>`
    SELECT id, balance FROM accounts WHERE id IN (${from}::UUID, ${to}::UUID) ORDER BY id FOR UPDATE`;
  checkFunds(order, new Map(rows.map(({ id, balance }) => [id, asNumber(balance)])));

  await tx.account.update({ where: { id: from }, data: { balance: { decrement: amount } } });
  await tx.account.update({ where: { id: to }, data: { balance: { increment: amount } } });
  const data = { from, to, amount, idempotencyKey: key ?? null };
  return asTransfer(await tx.transfer.create({ data }));
}

function isNotFound(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === recordNotFound;
}

type Row<T, Money extends keyof T> = Omit<T, Money> & Record<Money, bigint>;

function asAccount({ id, owner, balance, createdAt }: Row<Account, "balance">): Account {
  return { id, owner, balance: asNumber(balance), createdAt };
}

function asTransfer({ id, from, to, amount, createdAt }: Row<Transfer, "amount">): Transfer {
  return { id, from, to, amount: asNumber(amount), createdAt };
}

/** INT8 is a bigint, which JSON cannot hold. Here it is a number, or an error. */
function asNumber(n: bigint): number {
  if (n < Number.MIN_SAFE_INTEGER || n > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`INT8 ${n} is beyond what a number holds exactly`);
  }
  return Number(n);
}
