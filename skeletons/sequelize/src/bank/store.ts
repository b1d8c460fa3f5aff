import { Op, type Transaction } from "sequelize";
import { OutcomeUnknownError } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import { read, withTransaction } from "../database/retry.ts";
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
import { defineModels } from "./model.ts";

/** The SQLSTATEs that mean something here. */
const foreignKeyViolation = "23503";
const uniqueViolation = "23505";

/** Keeps accounts and transfers in CockroachDB. */
export class SqlStore implements Store {
  readonly #pool: Pool;
  readonly #models: ReturnType<typeof defineModels>;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#models = defineModels(pool.sequelize);
  }

  createAccount(owner: string, balance: number, signal: AbortSignal): Promise<Account> {
    const { accounts } = this.#models;
    return withTransaction(
      this.#pool,
      async (transaction) => (await accounts.create({ owner, balance }, { transaction })).get(),
      signal,
    );
  }

  async account(id: string, signal: AbortSignal): Promise<Account> {
    const account = await read(this.#pool, () => this.#models.accounts.findByPk(id), signal);
    if (account === null) {
      throw accountNotFound(id);
    }
    return account.get();
  }

  async accounts(after: string, limit: number, signal: AbortSignal): Promise<Page> {
    const { accounts } = this.#models;
    const where = { id: { [Op.gt]: after } };
    const select = () => accounts.findAll({ where, order: ["id"], limit: limit + 1 });
    const rows = await read(this.#pool, select, signal);
    return { accounts: rows.slice(0, limit).map((row) => row.get()), more: rows.length > limit };
  }

  renameAccount(id: string, owner: string, signal: AbortSignal): Promise<Account> {
    const { accounts } = this.#models;
    return withTransaction(
      this.#pool,
      async (transaction) => {
        const update = { where: { id }, returning: true, transaction } as const;
        const [, [account]] = await accounts.update({ owner }, update);
        if (account === undefined) {
          throw accountNotFound(id);
        }
        return account.get();
      },
      signal,
    );
  }

  async deleteAccount(id: string, signal: AbortSignal): Promise<void> {
    const { accounts } = this.#models;
    try {
      await withTransaction(
        this.#pool,
        async (transaction) => {
          if ((await accounts.destroy({ where: { id }, transaction })) === 0) {
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
    const transfer = await read(this.#pool, () => this.#models.transfers.findByPk(id), signal);
    if (transfer === null) {
      throw transferNotFound(id);
    }
    return transfer.get();
  }

  /** Moves money, once for each key. */
  createTransfer(order: Order, signal: AbortSignal): Promise<Transfer> {
    const run = () => withTransaction(this.#pool, (tx) => this.#createTransfer(tx, order), signal);
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

  async #createTransfer(transaction: Transaction, order: Order): Promise<Transfer> {
    const { accounts, transfers } = this.#models;
    const { from, to, amount, key = null } = order;
    if (key !== null) {
      const made = await transfers.findOne({ where: { key }, transaction });
      if (made !== null) {
        return sameTransfer(made.get(), order);
      }
    }
    // Both accounts, in the order of their ids and in one statement, before anything is decided: transactions
    // that want the same accounts then queue instead of restarting each other.
    const rows = await accounts.findAll({
      where: { id: [from, to] },
      order: ["id"],
      lock: transaction.LOCK.UPDATE,
      transaction,
    });
    checkFunds(order, new Map(rows.map(({ id, balance }) => [id, balance])));

    await accounts.decrement("balance", { by: amount, where: { id: from }, transaction });
    await accounts.increment("balance", { by: amount, where: { id: to }, transaction });
    return (await transfers.create({ from, to, amount, key }, { transaction })).get();
  }
}
