import { readdir } from "node:fs/promises";
import { Migration, MigrationExecutor, type MigrationInterface } from "typeorm";
import type { Pool } from "./pool.ts";

/** TypeORM would make this table itself, and take its ids from a sequence. */
const createMigrations = `
CREATE TABLE IF NOT EXISTS migrations (
    id          INT8 PRIMARY KEY DEFAULT unique_rowid(),
    "timestamp" INT8 NOT NULL,
    name        TEXT NOT NULL UNIQUE
)`;

/**
 * Runs the migrations of a folder that have not been run, in the order of their files' names, and tells of
 * each. A migration is a class with one statement and runs outside any transaction, as CockroachDB's schema
 * changes do anyway. Its name is recorded after it succeeded, so a run that broke in between runs it again: a
 * statement must be written so that this is harmless.
 *
 * There is no lock, because CockroachDB has no advisory locks: run it from one place.
 */
export async function migrate(
  pool: Pool,
  applied: (version: string) => void,
  folder = new URL("../migrations/", import.meta.url),
): Promise<void> {
  const migrations = await load(folder);
  const noDeadline = new AbortController().signal;
  await pool.withQueryRunner(noDeadline, async (runner) => {
    await runner.query("SET statement_timeout = 0"); // whatever the cluster's default is
    await runner.query(createMigrations);
    const executor = new MigrationExecutor(runner.dataSource, runner);
    const done = new Set((await executor.getExecutedMigrations()).map(({ name }) => name));
    for (const migration of migrations.filter(({ name }) => !done.has(name))) {
      try {
        await executor.executeMigration(migration); // in no transaction, unlike DataSource.runMigrations
      } catch (error) {
        throw new Error(`migration ${migration.name}`, { cause: error });
      }
      applied(migration.name);
    }
  });
}

/** The classes of the compiled files; TypeORM wants their names to end in a time, in milliseconds. */
async function load(folder: URL): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".js")).sort();
  return Promise.all(
    files.map(async (file) => {
      const module: Record<string, new () => MigrationInterface> = await import(new URL(file, folder).href);
      const [Class, ...others] = Object.values(module);
      const timestamp = Number(Class?.name.slice(-13));
      if (Class === undefined || others.length > 0 || !Number.isSafeInteger(timestamp)) {
        throw new Error(`${file}: want one class, whose name ends in the time that the file's begins with`);
      }
      return new Migration(undefined, timestamp, Class.name, new Class());
    }),
  );
}
