/**
 * The sample domain: accounts, and transfers of money between them. Nothing else depends on it but
 * the routes of the API, so the two can be deleted together.
 */

/** The largest balance and amount, in minor units: the largest integer that a number holds exactly. */
export const maxMoney = Number.MAX_SAFE_INTEGER;

/** Ids are UUIDs in lower case. */
export interface Account {
  id: string;
  owner: string;
  balance: number;
  createdAt: Date;
}

/** Money that has moved; it is never changed or deleted. */
export interface Transfer {
  id: string;
  from: string;
  to: string;
  amount: number;
  createdAt: Date;
}

/** Asks for a transfer. Orders with the same key move money once. */
export interface Order {
  from: string;
  to: string;
  amount: number;
  key: string | undefined;
}

export interface Page {
  accounts: Account[];
  more: boolean;
}

/** Keeps accounts and transfers. When the signal aborts, the method rejects, whatever the database does. */
export interface Store {
  createAccount(owner: string, balance: number, signal: AbortSignal): Promise<Account>;
  account(id: string, signal: AbortSignal): Promise<Account>;
  /** Up to limit accounts whose ids come after the given one, in the order of their ids. */
  accounts(after: string, limit: number, signal: AbortSignal): Promise<Page>;
  renameAccount(id: string, owner: string, signal: AbortSignal): Promise<Account>;
  deleteAccount(id: string, signal: AbortSignal): Promise<void>;
  createTransfer(order: Order, signal: AbortSignal): Promise<Transfer>;
  transfer(id: string, signal: AbortSignal): Promise<Transfer>;
}

export class NotFoundError extends Error {}

export class ConflictError extends Error {}

export class KeyReusedError extends Error {
  constructor() {
    super("the Idempotency-Key was used for another transfer");
  }
}

export const accountNotFound = (id: string) => new NotFoundError(`account ${id} does not exist`);
export const transferNotFound = (id: string) => new NotFoundError(`transfer ${id} does not exist`);
export const accountInUse = () => new ConflictError("transfers refer to the account");

/** Throws unless the transfer can be made. The balances are those of the accounts that exist, by id. */
export function checkFunds(order: Order, balances: ReadonlyMap<string, number>): void {
  const from = balances.get(order.from);
  const to = balances.get(order.to);
  if (from === undefined || to === undefined) {
    throw accountNotFound(from === undefined ? order.from : order.to);
  }
  if (from < order.amount) {
    throw new ConflictError("the sending account has too little money");
  }
  if (to > maxMoney - order.amount) {
    throw new ConflictError("the receiving account would exceed the largest balance");
  }
}

/** The transfer that a key made before, if the order asks for that one. */
export function sameTransfer(made: Transfer, order: Order): Transfer {
  if (made.from !== order.from || made.to !== order.to || made.amount !== order.amount) {
    throw new KeyReusedError();
  }
  return made;
}
