import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig, readConfig } from "../src/config/config.ts";

const localUrl = "postgresql://root@localhost:26257/app?sslmode=disable";

test("defaults", () => {
  assert.deepEqual(readConfig({ DATABASE_URL: localUrl }), {
    databaseUrl: localUrl,
    host: "127.0.0.1",
    port: 8080,
    poolMax: 10,
    maxRetries: 10,
    logLevel: "info",
    logFormat: "text",
  });
});

test("an error names the variable", () => {
  const wrong = {
    PORT: ["0", "65536", "http", "80 80", "8e3", "<port>"],
    HOST: ["<host>"],
    DB_POOL_MAX: ["0", "-1", "ten"],
    DB_MAX_RETRIES: ["-1", "1.5"],
    LOG_LEVEL: ["loud"],
    LOG_FORMAT: ["xml"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const env = { DATABASE_URL: localUrl, [name]: value };
      assert.throws(() => readConfig(env), { message: new RegExp(`^${name}: `) }, `${name}=${value}`);
    }
  }
});

test("URLs that are taken", () => {
  for (const url of [
    localUrl,
    "postgresql://root@127.0.0.1:26257/app?sslmode=disable",
    "postgresql://root@[::1]:26257/app?sslmode=disable",
    "postgresql://root@cockroach:26257/app?sslmode=disable",
    "postgres://ada:p%40ss%3C%23@db.example.com:26257/app?sslmode=verify-full",
    "postgresql://ada:x@db.example.com:26257/app?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123",
  ]) {
    assert.equal(readConfig({ DATABASE_URL: url }).databaseUrl, url);
  }
});

test("URLs that are refused, without showing them", () => {
  for (const url of [
    "",
    "hush",
    "mysql://ada:hush@localhost/app?sslmode=disable",
    "postgresql://<username>:hush@db.example.com:26257/app?sslmode=verify-full",
    "postgresql://ada:hush@<host>:26257/app?sslmode=verify-full",
    "postgresql://ada:hush@db.example.com:26257/app",
    "postgresql://ada:hush@db.example.com:26257/app?sslmode=require",
    "postgresql://ada:hush@db.example.com:26257/app?sslmode=disable",
    "postgresql://ada:hush@10.0.0.1:26257/app?sslmode=disable",
    "postgresql://ada:hush@3221225985:26257/app?sslmode=disable",
    "postgresql://ada:hush@[2001:db8::1]:26257/app?sslmode=disable",
    "postgresql://ada:hush@db.example.com:26257/app?sslmode=verify-full&sslmode=disable",
    "postgresql://ada:hush@localhost:26257/app?sslmode=disable&host=db.example.com",
    "postgresql://ada:hush@localhost:port/app?sslmode=disable",
    "postgresql://ada:hu#sh@localhost:26257/app?sslmode=disable",
    "postgresql://ada:hu%sh@localhost:26257/app?sslmode=disable",
    "postgresql://ada:hu sh@localhost:26257/app?sslmode=disable",
    "postgresql://ada:hush@localhost:26257?sslmode=disable",
    "postgresql:///app?sslmode=disable",
    "postgresql://ada:hush@db.example.com/app?sslmode=verify-full&sslrootcert=/nowhere/ca.crt",
    "postgresql://ada:hush@db.example.com/app?sslmode=verify-full&sslrootcert=system",
  ]) {
    assert.throws(
      () => readConfig({ DATABASE_URL: url }),
      ({ message }) => message.startsWith("DATABASE_URL: ") && !/hush|ada:/.test(message),
      url,
    );
  }
});

test("the environment wins over .env", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "config-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, ".env");
  const text = `# a comment\r\n\nDATABASE_URL='${localUrl}'\nHOST='0.0.0.0' # all of them\nPORT=9090\nLOG_LEVEL='debug'\n`;
  await writeFile(file, text);
  const environment = process.env;
  t.after(() => {
    process.env = environment;
  });
  process.env = { LOG_LEVEL: "warn" };
  const { databaseUrl, host, port, logLevel } = loadConfig(file);
  assert.deepEqual([databaseUrl, host, port, logLevel], [localUrl, "0.0.0.0", 9090, "warn"]);
});
