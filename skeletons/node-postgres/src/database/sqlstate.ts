import { DatabaseError } from "pg";

/** The SQLSTATE of the server's error that this error is or was caused by. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof DatabaseError) {
    return error.code;
  }
  return error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : undefined;
}
