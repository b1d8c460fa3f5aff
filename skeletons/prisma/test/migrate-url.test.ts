import assert from "node:assert/strict";
import { test } from "node:test";
import { migrateUrl } from "../prisma/migrate-url.ts";

const cluster = "postgresql://ada:p%40ss%20@db.example.com:26257/bank";

test("the URL that Prisma's engine understands", () => {
  for (const [url, want] of [
    [`${cluster}?sslmode=verify-full`, `${cluster}?sslmode=require&sslaccept=strict`],
    [
      `${cluster}?sslmode=verify-full&sslrootcert=/certs/my%20ca.crt`,
      `${cluster}?sslmode=require&sslaccept=strict&sslcert=%2Fcerts%2Fmy%20ca.crt`,
    ],
    [
      `${cluster}?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123`,
      `${cluster}?options=--cluster%3Dfunny-skunk-123&sslmode=require&sslaccept=strict`,
    ],
    [
      "postgresql://root@localhost:26257/bank?sslmode=disable",
      "postgresql://root@localhost:26257/bank?sslmode=disable",
    ],
  ] as const) {
    assert.equal(migrateUrl({ DATABASE_URL: url }), want);
  }
});

test("MIGRATE_DATABASE_URL is taken as it is", () => {
  const url = `${cluster}?sslmode=require&sslaccept=strict&sslidentity=/certs/client.p12&sslpassword=x`;
  assert.equal(migrateUrl({ DATABASE_URL: "", MIGRATE_DATABASE_URL: url }), url);
});

test("a client certificate needs MIGRATE_DATABASE_URL, and openssl makes what it names", () => {
  const url = `${cluster}?sslmode=verify-full&sslrootcert=/certs/ca.crt&sslcert=/certs/client.ada.crt&sslkey=/certs/client.ada.key`;
  assert.throws(
    () => migrateUrl({ DATABASE_URL: url, MIGRATE_DATABASE_URL: "" }),
    ({ message }) =>
      message.startsWith("MIGRATE_DATABASE_URL: ") &&
      message.includes(
        "openssl pkcs12 -export -in /certs/client.ada.crt -inkey /certs/client.ada.key -out /certs/client.ada.p12 ",
      ) &&
      message.includes("&sslcert=/certs/ca.crt&sslidentity=/certs/client.ada.p12&") &&
      !/p%40ss|ada:/.test(message),
  );
});

test("what cannot be is refused, without showing it", () => {
  for (const url of [
    "",
    "hush",
    "postgresql://<username>:hush@db.example.com:26257/bank?sslmode=verify-full",
    "postgresql://ada:hush@localhost:port/bank?sslmode=disable",
    "postgresql://ada:hush@db.example.com:26257/bank",
    "postgresql://ada:hush@db.example.com:26257/bank?sslmode=require",
  ]) {
    assert.throws(
      () => migrateUrl({ DATABASE_URL: url }),
      ({ message }) => message.startsWith("DATABASE_URL: ") && !/hush|ada:/.test(message),
      url,
    );
  }
});
