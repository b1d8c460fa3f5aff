/**
 * The way to CockroachDB: Prisma Client on a pool, transactions that are run again when they must be, and
 * migrations. It knows neither the program's configuration nor, but for the models that Prisma generates
 * from prisma/schema.prisma, what it stores.
 */
import { setTimeout } from "node:timers/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { PrismaClient } from "../generated/prisma/client.ts";
import { Connections } from "./connections.ts";
import { type Database, withRetries } from "./retry.ts";

const connectTimeout = 3_000;
const lifetime = 5 * 60; // seconds: new nodes of a cluster get their share
const closeTimeout = 2_000;

export interface PoolOptions {
  applicationName: string; // unless the connection string has one
  maxConnections: number;
  maxRetries: number; // of one transaction, after SQLSTATE 40001
  statementTimeout: number; // milliseconds, kept by the server; 0 leaves it to the server
}

export class Pool {
  /** Prisma Client, whose queries go through $read and $withTransaction. */
  readonly prisma: Database;
  readonly #connections: Connections;

  /** Makes the pool, but no connection: the database may be down. */
  constructor(connectionString: string, options: PoolOptions) {
    this.#connections = new Connections({
      application_name: options.applicationName,
      ...parse(connectionString),
      statement_timeout: options.statementTimeout,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeout,
      max: options.maxConnections,
      maxLifetimeSeconds: lifetime,
      idleTimeoutMillis: 0, // never: its lifetime ends it
    });
    const adapter = new PrismaPg(this.#connections);
    const client = new PrismaClient({ adapter, errorFormat: "minimal" });
    this.prisma = withRetries(client, this.#connections, options.maxRetries);
  }

  /** Lends a connection of node-postgres, for what Prisma Client has no words for. */
  withClient<T>(signal: AbortSignal, use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return this.#connections.during(signal, async () => {
      const client = await this.#connections.connect();
      try {
        return await use(client);
      } finally {
        client.release();
      }
    });
  }

  /** Runs a query. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.withClient(signal, (client) => client.query("SELECT 1"));
  }

  /** Does not wait for a database that no longer answers. */
  async close(): Promise<void> {
    await Promise.race([this.#end(), setTimeout(closeTimeout, undefined, { ref: false })]);
  }

  async #end(): Promise<void> {
    await this.prisma.$disconnect();
    await this.#connections.end();
  }
}

function parse(connectionString: string): pg.ClientConfig {
  let config: pg.ClientConfig;
  try {
    config = parseIntoClientConfig(connectionString);
  } catch {
    // What the parser says may show the password.
    throw new Error("node-postgres refuses the connection string; check its parameters");
  }
  if (typeof config.ssl === "object") {
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot say otherwise.
    config.ssl = { ...config.ssl, rejectUnauthorized: true };
  }
  return config;
}
