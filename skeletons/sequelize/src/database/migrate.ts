import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Client, QueryConfig } from "pg";
import type { Sequelize } from "sequelize";
import { MigrationError, SequelizeStorage, Umzug } from "umzug";
import type { Pool } from "./pool.ts";

/**
 * Has Umzug run the *.sql files of a folder that have not been run, in the order of their names, and tells of
 * each. A file holds one statement and runs outside any transaction, as CockroachDB's schema changes do
 * anyway. Its name is recorded after it succeeded, so a run that broke in between runs it again: a statement
 * must be written so that this is harmless.
 *
 * There is no lock, because CockroachDB has no advisory locks: run it from one place.
 */
export async function migrate(
  pool: Pool,
  applied: (version: string) => void,
  folder = new URL("../../migrations/", import.meta.url),
): Promise<void> {
  const { sequelize } = pool;
  const umzug = new Umzug({
    migrations: {
      glob: ["*.sql", { cwd: fileURLToPath(folder) }],
      resolve: ({ name, path = "" }) => ({ name, up: () => run(sequelize, path) }),
    },
    storage: new SequelizeStorage({ sequelize }),
    logger: undefined,
  });
  umzug.on("migrated", ({ name }) => applied(name));
  await pool.ping(new AbortController().signal); // says what is to be done where there is no database
  try {
    await umzug.up();
  } catch (error) {
    throw error instanceof MigrationError
      ? new Error(`migration ${error.migration.name}`, { cause: error.cause })
      : error;
  }
}

/** Past sequelize.query, which would send several statements as one. */
async function run(sequelize: Sequelize, path: string): Promise<void> {
  // The extended protocol refuses a second statement.
  const statement: QueryConfig & { queryMode: "extended" } = {
    text: await readFile(path, "utf8"),
    queryMode: "extended",
  };
  const client = (await sequelize.connectionManager.getConnection({ type: "write" })) as Client;
  try {
    await client.query("SET statement_timeout = 0"); // whatever the cluster's default is
    await client.query(statement);
  } finally {
    sequelize.connectionManager.releaseConnection(client);
  }
}
