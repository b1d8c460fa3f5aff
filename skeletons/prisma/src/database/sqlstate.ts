import { DatabaseError } from "pg";

/** What the server said, as Prisma's driver adapter keeps it. */
interface ServerError {
  originalCode: string;
  severity?: string; // of the errors for which Prisma has no code of its own
}

/** The SQLSTATE of the server's error that this error is or was caused by. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof DatabaseError) {
    return error.code;
  }
  const said = serverError(error);
  if (said !== undefined) {
    return said.originalCode;
  }
  return error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : undefined;
}

/**
 * What the server said, of an error that comes through Prisma: of a query it is a known request error (P2034,
 * P2010, P2002, …) whose meta holds the driver adapter's error, of BEGIN and COMMIT that one itself.
 */
export function serverError(error: unknown): ServerError | undefined {
  const { meta } = (error ?? {}) as { meta?: { driverAdapterError?: unknown } };
  const { cause } = (meta?.driverAdapterError ?? error ?? {}) as { cause?: Partial<ServerError> };
  return typeof cause?.originalCode === "string" ? (cause as ServerError) : undefined;
}
