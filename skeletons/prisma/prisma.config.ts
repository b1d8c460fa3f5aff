import { existsSync } from "node:fs";
import { defineConfig } from "prisma/config";
import { migrateUrl } from "./prisma/migrate-url.ts";

// Prisma's command line would ask its makers for news at the end of a run.
process.env.CHECKPOINT_DISABLE ??= "1";

if (existsSync(".env")) {
  process.loadEnvFile(".env"); // real variables win
}

// `generate`, `validate` and `format` need no database, and must work where there is none.
const connects = ["migrate", "db", "studio"].some((command) => process.argv.includes(command));

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(connects && { datasource: { url: migrateUrl(process.env) } }),
});
