import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { checkUrl, hasPlaceholder } from "./url.ts";

/** What the program can be told from outside. */
export interface Config {
  databaseUrl: string;
  host: string;
  port: number;
  poolMax: number;
  maxRetries: number;
  logLevel: "debug" | "info" | "warn" | "error";
  logFormat: "text" | "json";
}

type Env = NodeJS.Dict<string>;

/** Reads the environment and, for what is not set there, the file. The file may be missing. */
export function loadConfig(file: string): Config {
  return readConfig({ ...readDotenv(file), ...process.env });
}

/** Its errors name the variable and never show its value: a URL holds a password. */
export function readConfig(env: Env): Config {
  return {
    databaseUrl: databaseUrl(env, "DATABASE_URL"),
    host: text(env, "HOST", "127.0.0.1"),
    port: integer(env, "PORT", 8080, 1, 65_535),
    poolMax: integer(env, "DB_POOL_MAX", 10, 1, 10_000),
    maxRetries: integer(env, "DB_MAX_RETRIES", 10, 0, 1_000),
    logLevel: oneOf(env, "LOG_LEVEL", "info", ["debug", "info", "warn", "error"]),
    logFormat: oneOf(env, "LOG_FORMAT", "text", ["text", "json"]),
  };
}

function readDotenv(file: string): Env {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return {};
    }
    throw new Error(`${file} cannot be read`, { cause: error });
  }
}

function databaseUrl(env: Env, name: string): string {
  const value = env[name] ?? "";
  const problem = checkUrl(value);
  if (problem) {
    throw new Error(`${name}: ${problem}`);
  }
  return value;
}

function text(env: Env, name: string, fallback: string): string {
  const value = env[name] || fallback;
  if (hasPlaceholder(value)) {
    throw new Error(`${name}: still holds a <placeholder>; put a value in its place`);
  }
  return value;
}

function integer(env: Env, name: string, fallback: number, least: number, most: number): number {
  const value = text(env, name, String(fallback));
  const n = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (n >= least && n <= most) {
    return n;
  }
  throw new Error(`${name}: want an integer from ${least} to ${most}`);
}

function oneOf<T extends string>(env: Env, name: string, fallback: T, values: readonly T[]): T {
  const given = text(env, name, fallback);
  const value = values.find((candidate) => candidate === given);
  if (value === undefined) {
    throw new Error(`${name}: want ${values.join(" or ")}`);
  }
  return value;
}
