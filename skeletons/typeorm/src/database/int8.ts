import type { ValueTransformer } from "typeorm";

/** An INT8 column as a number, or an error. The driver gives text, because a number cannot hold all of it. */
export const int8: ValueTransformer = {
  to: (value) => value,
  from: (text) => (typeof text === "string" ? safeInteger(text) : text),
};

function safeInteger(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n)) {
    throw new RangeError(`INT8 ${text} is beyond what a number holds exactly; make its property a string`);
  }
  return n;
}
