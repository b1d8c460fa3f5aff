/** 8-4-4-4-12 hexadecimal digits in any case, and nothing else. */
export const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Reads the id in a path. What is no UUID is the id of nothing. */
export function pathId(text: string, notFound: (id: string) => Error): string {
  if (!uuid.test(text)) {
    throw notFound(text);
  }
  return text.toLowerCase();
}
