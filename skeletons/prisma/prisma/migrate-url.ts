/**
 * The URL that Prisma's command line connects with. Its engine is a program of its own, in Rust, and reads the
 * TLS parameters in its own way: of sslmode it knows disable, prefer and require, takes verify-full for prefer,
 * and checks no certificate without sslaccept=strict. Its sslcert is the CA, and a client certificate is a
 * PKCS #12 file. MIGRATE_DATABASE_URL is taken as it is; without it, the URL is made from DATABASE_URL.
 */
export function migrateUrl(env: NodeJS.Dict<string>): string {
  const given = env.MIGRATE_DATABASE_URL;
  if (given) {
    parse("MIGRATE_DATABASE_URL", given);
    return given;
  }
  const url = parse("DATABASE_URL", env.DATABASE_URL ?? "");
  const parameters = url.searchParams;
  const mode = parameters.get("sslmode");
  if (mode !== "verify-full" && mode !== "disable") {
    throw new Error("DATABASE_URL: want sslmode=verify-full, or sslmode=disable for a local node");
  }
  const [ca, certificate, key] = ["sslrootcert", "sslcert", "sslkey"].map((name) => parameters.get(name));
  for (const name of ["sslmode", "sslrootcert", "sslcert", "sslkey"]) {
    parameters.delete(name);
  }
  if (certificate || key) {
    const identity = certificate?.replace(/\.(crt|pem)$/, "").concat(".p12");
    throw new Error(
      "MIGRATE_DATABASE_URL: not set, and Prisma's engine reads a client certificate only as PKCS #12; make it with " +
        `openssl pkcs12 -export -in ${certificate} -inkey ${key} -out ${identity} ` +
        "and set MIGRATE_DATABASE_URL to DATABASE_URL with other parameters: " +
        `sslmode=require&sslaccept=strict&sslcert=${ca}&sslidentity=${identity}&sslpassword=<password>`,
    );
  }
  if (mode === "disable") {
    parameters.set("sslmode", "disable");
  } else {
    parameters.set("sslmode", "require");
    parameters.set("sslaccept", "strict");
    if (ca) {
      parameters.set("sslcert", ca);
    }
  }
  // The engine does not take + for a space, as URLSearchParams writes one.
  url.search = url.search.replaceAll("+", "%20");
  return url.href;
}

/** Its errors show no part of the URL, which holds a password. */
function parse(name: string, value: string): URL {
  if (value === "") {
    throw new Error(`${name}: not set; copy .env.example to .env and put your cluster's URL there`);
  }
  if (/<[^>]*>/.test(value)) {
    throw new Error(`${name}: still holds a <placeholder>; put your cluster's own values in their place`);
  }
  if (!/^postgres(ql)?:/.test(value) || !URL.canParse(value)) {
    throw new Error(`${name}: not a URL; want postgresql://user:password@host:26257/database and parameters`);
  }
  return new URL(value);
}
