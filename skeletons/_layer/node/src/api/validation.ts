import { Ajv } from "ajv";
import type { FastifyError, FastifySchemaCompiler } from "fastify";
import { uuid } from "./id.ts";
import type { FieldError } from "./problem.ts";

const maxErrors = 20; // told in one answer

/** Bodies are taken as they are: a "5" is no 5, and what the schema does not name is an error. */
const bodies = new Ajv({ allErrors: true, useDefaults: true });

/** In a query string and in headers everything is a string, so the schema's types are read from it. */
const strings = new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true });

for (const ajv of [bodies, strings]) {
  ajv.addKeyword({
    keyword: "notBlank",
    type: "string",
    schemaType: "boolean",
    validate: (_: boolean, value: string) => /\P{White_Space}/u.test(value),
    error: { message: "must not be blank" },
  });
  ajv.addFormat("uuid", uuid);
}

export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === "body" ? bodies : strings).compile(schema);

/** Ajv's errors as this API tells them. */
export function fieldErrors({ validation = [], validationContext = "body" }: FastifyError): FieldError[] {
  return validation.slice(0, maxErrors).map(({ keyword, instancePath, params, message = "is wrong" }) => {
    const field = instancePath.slice(1) || validationContext;
    switch (keyword) {
      case "required":
        return { field: String(params.missingProperty), message: "is missing" };
      case "additionalProperties":
        return { field: String(params.additionalProperty), message: "is unknown" };
      case "format":
        return { field, message: `must be a ${String(params.format).toUpperCase()}` };
      default:
        return { field, message };
    }
  });
}
