import { DatabaseError } from "pg";
import { QueryFailedError } from "typeorm";

/** The SQLSTATE of the server's error that this error is or was caused by. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof DatabaseError) {
    return error.code;
  }
  if (error instanceof QueryFailedError) {
    return sqlState(error.driverError);
  }
  return error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : undefined;
}
