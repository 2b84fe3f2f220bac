/** response_format: the form an answer must have, and what it is then read as. */

import { InvalidArgumentError, ResponseFormatError, shown } from "./errors.js";
import type { FreeObject, Invalid, ResponseFormat } from "./generated.js";
import { isSchema, jsonSchema, validate, type Schema } from "./schema.js";

/** A zod schema (or another that follows Standard Schema), a JSON Schema, or OpenAI's object. */
export type ResponseFormatInput<P = unknown> = Schema<P> | ResponseFormat | FreeObject;

const OPENAI = ["text", "json_object", "json_schema"];

function request(name: string, schema: FreeObject): ResponseFormat {
  const safe = name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64);
  return { type: "json_schema", json_schema: { name: safe, schema } };
}

/** A form of answers. */
export class Form<P = unknown> {
  private constructor(
    /** The "response_format" of a request for one. */
    readonly request: ResponseFormat,
    private readonly schema: Schema<P> | undefined,
    private readonly isText = false,
  ) {}

  /** What response_format was given; undefined for none. Throws InvalidArgumentError. */
  static of<P>(given: ResponseFormatInput<P> | null | undefined): Form<P> | undefined {
    if (given === undefined || given === null) {
      return undefined;
    }
    if (isSchema(given)) {
      const schema = jsonSchema(given);
      return new Form<P>(request(titleOf(schema), schema), given);
    }
    if (typeof given !== "object" || Array.isArray(given)) {
      throw new InvalidArgumentError(
        `response_format is ${shown(given)}, which is not a valid form; give a zod schema, a JSON Schema, or ` +
          '{ type: "json_object" }',
      );
    }
    const object = given as FreeObject;
    if (OPENAI.includes(object["type"] as string)) {
      return new Form<P>(object as unknown as ResponseFormat, undefined, object["type"] === "text");
    }
    return new Form<P>(request(titleOf(object), object), undefined);
  }

  /**
   * The object that an answer stands for. Throws ResponseFormatError.
   *
   * `invalid` is what the library found wrong, which checks answers to requests that are not strict.
   */
  parse(text: string, finishReason: string, invalid?: Invalid): P | undefined {
    if (this.isText) {
      return undefined;
    }
    if (invalid && invalid.tool_call === undefined) {
      const where = `${invalid.keyword || "the form"} at ${invalid.pointer || "the root"}`;
      throw refusal(text, finishReason, `${invalid.message} (${where})`, { invalid });
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw refusal(text, finishReason, error instanceof Error ? error.message : String(error), { cause: error });
    }
    if (!this.schema) {
      return value as P;
    }
    const checked = validate(this.schema, value);
    if (checked.issues) {
      throw refusal(text, finishReason, checked.text, { issues: checked.issues });
    }
    return checked.value;
  }
}

function titleOf(schema: FreeObject): string {
  const title = schema["title"];
  return typeof title === "string" && title ? title : "answer";
}

interface Why {
  cause?: unknown;
  issues?: unknown;
  invalid?: Invalid;
}

function refusal(text: string, finishReason: string, why: string, more: Why) {
  const message =
    finishReason === "length"
      ? "the answer was cut short; allow more max_tokens, or a larger n_ctx"
      : `the answer is not what response_format asks for: ${why}`;
  const { cause, issues, invalid } = more;
  return new ResponseFormatError(
    message,
    { text, finish_reason: finishReason, ...(issues ? { issues } : {}), ...(invalid ? { invalid } : {}) },
    { cause },
  );
}
