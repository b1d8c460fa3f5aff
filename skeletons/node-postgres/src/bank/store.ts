import type { QueryResultRow } from "pg";
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

const accountColumns = 'id, owner, balance, created_at AS "createdAt"';
const transferColumns = 'id, from_account AS "from", to_account AS "to", amount, created_at AS "createdAt"';

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
    const insert = `INSERT INTO accounts (owner, balance) VALUES ($1, $2) RETURNING ${accountColumns}`;
    return withTransaction(this.#pool, (tx) => returned<Account>(tx, insert, [owner, balance]), signal);
  }

  async account(id: string, signal: AbortSignal): Promise<Account> {
    const select = `SELECT ${accountColumns} FROM accounts WHERE id = $1`;
    const [account] = await read<Account>(this.#pool, select, [id], signal);
    if (account === undefined) {
      throw accountNotFound(id);
    }
    return account;
  }

  async accounts(after: string, limit: number, signal: AbortSignal): Promise<Page> {
    const select = `SELECT ${accountColumns} FROM accounts WHERE id > $1 ORDER BY id LIMIT $2`;
    const accounts = await read<Account>(this.#pool, select, [after, limit + 1], signal);
    return { accounts: accounts.slice(0, limit), more: accounts.length > limit };
  }

  renameAccount(id: string, owner: string, signal: AbortSignal): Promise<Account> {
    return withTransaction(
      this.#pool,
      async (tx) => {
        const update = `UPDATE accounts SET owner = $2 WHERE id = $1 RETURNING ${accountColumns}`;
        const { rows } = await tx.query<Account>(update, [id, owner]);
        if (rows[0] === undefined) {
          throw accountNotFound(id);
        }
        return rows[0];
      },
      signal,
    );
  }

  async deleteAccount(id: string, signal: AbortSignal): Promise<void> {
    try {
      await withTransaction(
        this.#pool,
        async (tx) => {
          const { rowCount } = await tx.query("DELETE FROM accounts WHERE id = $1", [id]);
          if (rowCount === 0) {
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
    const select = `SELECT ${transferColumns} FROM transfers WHERE id = $1`;
    const [transfer] = await read<Transfer>(this.#pool, select, [id], signal);
    if (transfer === undefined) {
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
    const select = `SELECT ${transferColumns} FROM transfers WHERE idempotency_key = $1`;
    const { rows } = await tx.query<Transfer>(select, [key]);
    if (rows[0] !== undefined) {
      return sameTransfer(rows[0], order);
    }
  }
  // Both accounts, in the order of their ids and in one statement, before anything is decided: transactions
  // that want the same accounts then queue instead of restarting each other.
  const lock = "SELECT id, balance FROM accounts WHERE id IN ($1, $2) ORDER BY id FOR UPDATE";
  const { rows } = await tx.query<Pick<Account, "id" | "balance">>(lock, [from, to]);
  checkFunds(order, new Map(rows.map(({ id, balance }) => [id, balance])));

  await tx.query("UPDATE accounts SET balance = balance - $2 WHERE id = $1", [from, amount]);
  await tx.query("UPDATE accounts SET balance = balance + $2 WHERE id = $1", [to, amount]);
  const insert = `INSERT INTO transfers (from_account, to_account, amount, idempotency_key)
    VALUES ($1, $2, $3, $4) RETURNING ${transferColumns}`;
  return returned<Transfer>(tx, insert, [from, to, amount, key]);
}

/** The row that an INSERT … RETURNING returns. */
async function returned<Row extends QueryResultRow>(
  tx: Transaction,
  insert: string,
  values: unknown[],
): Promise<Row> {
  const { rows } = await tx.query<Row>(insert, values);
  return rows[0] as Row;
}
