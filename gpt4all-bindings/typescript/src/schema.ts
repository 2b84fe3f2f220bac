/** Schemas of zod and other libraries that follow Standard Schema: as JSON Schema, and to check values with. */

import { InvalidArgumentError, shown } from "./errors.js";
import type { FreeObject } from "./generated.js";

/** Something that a value does not keep to. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Result<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

/** What zod 4.2 and other libraries have in common: https://standardschema.dev and its extension for JSON Schema. */
export interface Schema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown, ...options: never[]) => Result<Output> | Promise<Result<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

interface Convertible {
  input?(options: { target: string }): FreeObject;
}

/** Whether it is a schema of such a library. */
export function isSchema(value: unknown): value is Schema {
  return value !== null && (typeof value === "object" || typeof value === "function") && "~standard" in value;
}

/** A schema as JSON Schema. Throws InvalidArgumentError for one that has no equivalent. */
export function jsonSchema(schema: Schema): FreeObject {
  const standard = schema["~standard"] as Schema["~standard"] & { jsonSchema?: Convertible };
  if (typeof standard.jsonSchema?.input !== "function") {
    throw new InvalidArgumentError(
      `a schema of ${standard.vendor} cannot be turned into a JSON Schema; use zod 4.2 or newer, or give a JSON Schema`,
    );
  }
  let made: FreeObject;
  try {
    made = standard.jsonSchema.input({ target: "draft-2020-12" });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`the schema has no JSON Schema: ${why}`, {}, { cause: error });
  }
  return plain(made) as FreeObject;
}

/** A JSON Schema without "$schema", and without the limits that zod gives to every integer. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const kept = Object.entries(value).filter(([key, item]) => {
    const limit = key === "minimum" ? Number.MIN_SAFE_INTEGER : key === "maximum" ? Number.MAX_SAFE_INTEGER : undefined;
    return !(key === "$schema" && typeof item === "string") && (limit === undefined || item !== limit);
  });
  return Object.fromEntries(kept.map(([key, item]) => [key, plain(item)]));
}

/** Checks a value. Throws InvalidArgumentError for a schema that can only do so asynchronously. */
export function validate<Output>(
  schema: Schema<Output>,
  value: unknown,
): { value: Output; issues?: undefined } | { issues: readonly Issue[]; text: string } {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new InvalidArgumentError(`the schema checks values asynchronously, which is not possible: ${shown(schema)}`);
  }
  return result.issues ? { issues: result.issues, text: told(result.issues) } : result;
}

function told(issues: readonly Issue[]): string {
  return issues
    .map(({ message, path }) => {
      const place = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return place ? `${place}: ${message}` : message;
    })
    .join("; ");
}
