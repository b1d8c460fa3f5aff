import { DatabaseError } from "pg";

/** The SQLSTATE of the server's error that this error is or was caused by. */
export function sqlState(error: unknown): string | undefined {
  return serverError(error)?.code;
}

/** That error as the server sent it, which Sequelize's own keep as their parent. */
export function serverError(error: unknown): DatabaseError | undefined {
  if (error instanceof DatabaseError) {
    return error;
  }
  return error instanceof Error
    ? serverError((error as { parent?: unknown }).parent ?? error.cause)
    : undefined;
}
