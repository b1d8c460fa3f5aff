import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";

/**
 * Says what would be insecure about a connection string, or could not work, before a driver sees it.
 * It shows neither the URL nor what a parser says about it: both can hold the password.
 */
export function checkUrl(raw: string): string | undefined {
  if (raw === "") {
    return "not set; copy .env.example to .env and put your cluster's URL there";
  }
  if (hasPlaceholder(raw)) {
    return "still holds a <placeholder>; put your cluster's own values in their place";
  }
  const url = parse(raw);
  if (url === undefined || url.hash !== "") {
    return "not a URL; percent-encode what is special in its user, password and parameters (@ is %40, # is %23)";
  }
  // Not url.protocol, which is in lower case now: readers of connection strings differ about capitals.
  if (!/^postgres(ql)?:\/\//.test(raw)) {
    return "want postgresql://user:password@host:26257/database?sslmode=verify-full";
  }
  if (url.hostname === "") {
    return "names no host; want postgresql://user@host:26257/database";
  }
  if (/^\/*$/.test(url.pathname)) {
    return "names no database; want postgresql://user@host:26257/database";
  }
  const parameters = url.searchParams;
  for (const name of ["host", "hostaddr", "port", "service"]) {
    if (parameters.has(name)) {
      return `parameter ${name} overrides the URL's own host; write the host before the database`;
    }
  }
  return checkTls(url.hostname, parameters.getAll("sslmode")) ?? checkFiles(parameters);
}

export function hasPlaceholder(value: string): boolean {
  return /<[^>]*>/.test(value);
}

/** More strict than URL, which drops white space and leaves bad percent signs to whoever decodes them. */
function parse(raw: string): URL | undefined {
  if (/[\s\\\p{Cc}]/u.test(raw)) {
    return undefined;
  }
  try {
    decodeURIComponent(raw);
    return new URL(raw);
  } catch {
    return undefined;
  }
}

/** The mode has to be stated: what a driver does without one is not the same from one to the next. */
function checkTls(host: string, modes: string[]): string | undefined {
  const [mode, ...others] = modes;
  if (mode === undefined || others.length > 0) {
    return "must state its sslmode once; add sslmode=verify-full, or sslmode=disable for a local node";
  }
  if (mode === "verify-full" || (mode === "disable" && isLocal(host))) {
    return undefined;
  }
  if (mode === "disable") {
    return "sslmode=disable is for a local node only; use sslmode=verify-full";
  }
  return "its sslmode does not check who answers; use sslmode=verify-full";
}

/** A loopback address, or a name without a dot, as compose gives its services. */
function isLocal(host: string): boolean {
  return host === "[::1]" || (isIPv4(host) && host.startsWith("127.")) || /^[a-z][\w-]*$/i.test(host);
}

function checkFiles(parameters: URLSearchParams): string | undefined {
  for (const name of ["sslrootcert", "sslcert", "sslkey"]) {
    const file = parameters.get(name);
    if (file === "system") {
      return `${name}=system is not for Node.js, which trusts the public CAs by itself; leave the parameter out`;
    }
    if (file !== null) {
      try {
        readFileSync(file);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return `${name}: ${file} cannot be read (${code}); put the file there or change the parameter`;
      }
    }
  }
  return undefined;
}
