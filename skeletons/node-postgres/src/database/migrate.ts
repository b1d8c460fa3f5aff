import { readdir, readFile } from "node:fs/promises";
import type { ClientBase, QueryConfig } from "pg";
import type { Pool } from "./pool.ts";

const createVersions = `
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    TEXT PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)`;

/**
 * Runs the *.sql files of a folder that have not been run, in the order of their names, and tells of each. A
 * file holds one statement and runs outside any transaction, as CockroachDB's schema changes do anyway. Its
 * name is recorded after it succeeded, so a run that broke in between runs it again: a statement must be
 * written so that this is harmless.
 *
 * There is no lock, because CockroachDB has no advisory locks: run it from one place.
 */
export async function migrate(
  pool: Pool,
  applied: (version: string) => void,
  folder = new URL("../../migrations/", import.meta.url),
): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  const noDeadline = new AbortController().signal;
  await pool.withClient(noDeadline, async (client) => {
    await client.query("SET statement_timeout = 0"); // whatever the cluster's default is
    await client.query(createVersions);
    const done = await client.query<{ version: string }>("SELECT version FROM schema_migrations");
    const versions = new Set(done.rows.map((row) => row.version));
    for (const file of files) {
      const version = file.slice(0, -".sql".length);
      if (!versions.has(version)) {
        await run(client, file, await readFile(new URL(file, folder), "utf8"));
        await client.query("INSERT INTO schema_migrations (version) VALUES ($1) ON CONFLICT DO NOTHING", [
          version,
        ]);
        applied(version);
      }
    }
  });
}

async function run(client: ClientBase, file: string, text: string): Promise<void> {
  // The extended protocol refuses a second statement.
  const statement: QueryConfig & { queryMode: "extended" } = { text, queryMode: "extended" };
  try {
    await client.query(statement);
  } catch (error) {
    throw new Error(`migration ${file}`, { cause: error });
  }
}
