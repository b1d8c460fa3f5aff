/**
 * Something that a later attempt may not meet: no connection, a lost one, a deadline, or contention
 * that outlasted the retries. Nothing was written.
 */
export class UnavailableError extends Error {}

/** The transaction may have been committed or not. */
export class OutcomeUnknownError extends Error {}

/** The SQLSTATEs that are handled by name. */
export const serializationFailure = "40001";
export const statementCompletionUnknown = "40003";
export const databaseDoesNotExist = "3D000";

/**
 * Tells whether a SQLSTATE speaks of the server's condition rather than of the statement: connection
 * exceptions, insufficient resources, operator intervention (timeouts and shutdown).
 */
export function isTransient(state: string | undefined): boolean {
  return state !== undefined && ["08", "53", "57"].includes(state.slice(0, 2));
}

/** An error and its causes, on one line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  // A host with several addresses fails with an error for each, and no message of its own.
  const own = error instanceof AggregateError ? error.errors.map(describe).join(", ") : error.message;
  const all = [certificateProblem(error), own, error.cause && describe(error.cause)];
  return all.filter(Boolean).join(": ").replaceAll(/\s+/g, " ");
}

/** OpenSSL's words for a certificate that was refused are better known to those who know them. */
function certificateProblem(error: NodeJS.ErrnoException): string | undefined {
  switch (error.code) {
    case "CERT_HAS_EXPIRED":
      return "the server's certificate has expired";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "the server's certificate is for another host";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "the server's certificate is not signed by a trusted CA; sslrootcert names the file of one";
    default:
      return undefined;
  }
}
