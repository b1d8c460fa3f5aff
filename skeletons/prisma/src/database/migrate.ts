import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { ClientBase, QueryConfig } from "pg";
import type { Pool } from "./pool.ts";

/** Prisma's own table, so that `prisma migrate` knows what was done here, and this what was done there. */
const createMigrations = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

const finished = `SELECT migration_name AS name FROM _prisma_migrations
    WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;

const record = `
INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
VALUES ($1, $2, $3, $4, now(), 1)`;

/**
 * Does what `prisma migrate deploy` does, without its engine, which is a program that Prisma downloads: the
 * tests migrate with it, and so can a place that has no way out. It runs the migrations of a folder that have
 * not been run, in the order of their names, and tells of each.
 *
 * A migration holds one statement and runs outside any transaction, as CockroachDB's schema changes do
 * anyway. It is recorded after it succeeded, so a run that broke in between runs it again: a statement must be
 * written so that this is harmless.
 *
 * There is no lock, because CockroachDB has no advisory locks: run it from one place.
 */
export async function migrate(
  pool: Pool,
  applied: (version: string) => void,
  folder = new URL("../../prisma/migrations/", import.meta.url),
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const noDeadline = new AbortController().signal;
  await pool.withClient(noDeadline, async (client) => {
    await client.query("SET statement_timeout = 0"); // whatever the cluster's default is
    await client.query(createMigrations);
    const done = await client.query<{ name: string }>(finished);
    const versions = new Set(done.rows.map((row) => row.name));
    for (const name of names.sort()) {
      if (!versions.has(name)) {
        const text = await readFile(new URL(`${name}/migration.sql`, folder), "utf8");
        const checksum = createHash("sha256").update(text).digest("hex");
        const started = new Date();
        await run(client, name, text);
        await client.query(record, [crypto.randomUUID(), checksum, name, started]);
        applied(name);
      }
    }
  });
}

async function run(client: ClientBase, name: string, text: string): Promise<void> {
  // The extended protocol refuses a second statement.
  const statement: QueryConfig & { queryMode: "extended" } = { text, queryMode: "extended" };
  try {
    await client.query(statement);
  } catch (error) {
    throw new Error(`migration ${name}`, { cause: error });
  }
}
