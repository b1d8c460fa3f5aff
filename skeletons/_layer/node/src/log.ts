import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config/config.ts";

/** Writes to standard error, one line an event. */
export function createLog(config: Pick<Config, "logLevel" | "logFormat">): Logger {
  const stderr = destination({ dest: 2, sync: true });
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    config.logFormat === "json" ? stderr : { write: (line) => stderr.write(asText(line)) },
  );
}

function asText(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries({ time, level, msg, ...fields });
  return `${pairs.map(([name, value]) => `${name}=${quoted(value)}`).join(" ")}\n`;
}

function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
