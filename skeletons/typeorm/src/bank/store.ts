import { In, MoreThan } from "typeorm";
import { OutcomeUnknownError } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import { read, type Transaction, withTransaction } from "../database/retry.ts";
import { sqlState } from "../database/sqlstate.ts";
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
import { AccountEntity, TransferEntity } from "./entities.ts";

/** The SQLSTATEs that mean something here. */
const foreignKeyViolation = "23503";
const uniqueViolation = "23505";

/** Keeps accounts and transfers in CockroachDB. */
export class SqlStore implements Store {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  createAccount(owner: string, balance: number, signal: AbortSignal): Promise<Account> {
    return withTransaction(this.#pool, (tx) => tx.save(AccountEntity, { owner, balance }), signal);
  }

  async account(id: string, signal: AbortSignal): Promise<Account> {
    const account = await read(this.#pool, (db) => db.findOneBy(AccountEntity, { id }), signal);
    if (account === null) {
      throw accountNotFound(id);
    }
    return account;
  }

  async accounts(after: string, limit: number, signal: AbortSignal): Promise<Page> {
    const page = { where: { id: MoreThan(after) }, order: { id: "ASC" }, take: limit + 1 } as const;
    const accounts = await read(this.#pool, (db) => db.find(AccountEntity, page), signal);
    return { accounts: accounts.slice(0, limit), more: accounts.length > limit };
  }

  renameAccount(id: string, owner: string, signal: AbortSignal): Promise<Account> {
    return withTransaction(
      this.#pool,
      async (tx) => {
        const { affected } = await tx.update(AccountEntity, { id }, { owner });
        if (affected === 0) {
          throw accountNotFound(id);
        }
        return tx.findOneByOrFail(AccountEntity, { id });
      },
      signal,
    );
  }

  async deleteAccount(id: string, signal: AbortSignal): Promise<void> {
    try {
      await withTransaction(
        this.#pool,
        async (tx) => {
          const { affected } = await tx.delete(AccountEntity, { id });
          if (affected === 0) {
            throw accountNotFound(id);
          }
        },
        signal,
      );
    } catch (error) {
      throw sqlState(error) === foreignKeyViolation ? accountInUse() : error;
    }
  }

  async transfer(id: string, signal: AbortSignal): Promise<Transfer> {
    const transfer = await read(this.#pool, (db) => db.findOneBy(TransferEntity, { id }), signal);
    if (transfer === null) {
      throw transferNotFound(id);
    }
    return transfer;
  }

  /** Moves money, once for each key. */
  createTransfer(order: Order, signal: AbortSignal): Promise<Transfer> {
    const run = () => withTransaction(this.#pool, (tx) => createTransfer(tx, order), signal);
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
    const made = await tx.findOneBy(TransferEntity, { key });
    if (made !== null) {
      return sameTransfer(made, order);
    }
  }
  // Both accounts, in the order of their ids and in one statement, before anything is decided: transactions
  // that want the same accounts then queue instead of restarting each other.
  const accounts = await tx.find(AccountEntity, {
    where: { id: In([from, to]) },
    order: { id: "ASC" },
    lock: { mode: "pessimistic_write" },
  });
  checkFunds(order, new Map(accounts.map(({ id, balance }) => [id, balance])));

  await tx.decrement(AccountEntity, { id: from }, "balance", amount);
  await tx.increment(AccountEntity, { id: to }, "balance", amount);
  return tx.save(TransferEntity, { from, to, amount, key: key ?? null });
}
