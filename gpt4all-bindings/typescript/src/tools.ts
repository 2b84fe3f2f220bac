/** tools: functions as the model sees them, and calls of them as it makes them. */

import { InvalidArgumentError, shown } from "./errors.js";
import type { FreeObject, Tool as ToolDescription, ToolCall } from "./generated.js";
import { isSchema, jsonSchema, validate, type Schema } from "./schema.js";

/** What a function is called with besides its arguments. */
export interface ToolContext {
  /** Aborted when the run is cancelled. */
  signal: AbortSignal;
}

/** What a tool is made of. */
export interface ToolDefinition<Arguments> {
  name: string;
  description?: string;
  /** A zod schema of an object, or a JSON Schema, with which arguments are passed on as they come. */
  parameters: Schema<Arguments> | FreeObject;
  /** The function. What it returns is told to the model: a string as it is, everything else as JSON. */
  execute: (args: Arguments, context: ToolContext) => unknown;
}

/** A function that a model may ask to call. */
export class FunctionTool<Arguments = unknown> {
  readonly name: string;
  readonly description: ToolDescription;
  readonly #schema: Schema<Arguments> | undefined;
  readonly #execute: ToolDefinition<Arguments>["execute"];

  /** Throws InvalidArgumentError for what cannot be described to a model. */
  constructor({ name, description, parameters, execute }: ToolDefinition<Arguments>) {
    if (typeof name !== "string" || !/^[A-Za-z0-9_.-]{1,64}$/.test(name)) {
      throw new InvalidArgumentError(
        `${shown(name)} is not a name for a tool: use 1 to 64 of A-Z, a-z, 0-9, _, . and -`,
      );
    }
    if (typeof execute !== "function") {
      throw new InvalidArgumentError(`the tool ${name} has no function to call; give it as execute`);
    }
    this.#schema = isSchema(parameters) ? parameters : undefined;
    const described = this.#schema ? jsonSchema(this.#schema) : (parameters as FreeObject);
    if ((described["type"] ?? "object") !== "object") {
      throw new InvalidArgumentError(`the parameters of ${name} are ${shown(described)}; they must be an object`);
    }
    this.name = name;
    this.#execute = execute;
    const told = description ? { description } : {};
    this.description = { type: "function", function: { name, ...told, parameters: described } };
  }

  /** Calls the function with the arguments of a tool call: JSON text, or the object. Rejects arguments that do not fit. */
  async call(args: ToolCall["function"]["arguments"], context: Partial<ToolContext> = {}): Promise<unknown> {
    const { signal = new AbortController().signal } = context;
    const given: unknown = typeof args === "string" ? JSON.parse(args) : args;
    if (given === null || typeof given !== "object" || Array.isArray(given)) {
      throw new TypeError(`the arguments are not an object: ${shown(given)}`);
    }
    if (!this.#schema) {
      return await this.#execute(given as Arguments, { signal });
    }
    const checked = validate(this.#schema, given);
    if (checked.issues) {
      throw new TypeError(checked.text);
    }
    return await this.#execute(checked.value, { signal });
  }
}

/** Makes a tool of a function: `tool({ name, description, parameters, execute })`. Throws InvalidArgumentError. */
export function tool<Arguments>(definition: ToolDefinition<Arguments>): FunctionTool<Arguments> {
  return new FunctionTool(definition);
}

/** Functions, and OpenAI's objects for tools that the caller sees to. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a tool takes only its own arguments
export type Tools = readonly (FunctionTool<any> | ToolDescription)[];

/** Tools as OpenAI's requests have them. Throws InvalidArgumentError. */
export function describe(tools: Tools): ToolDescription[] {
  if (!Array.isArray(tools)) {
    throw new InvalidArgumentError(`tools must be a list of tools, not ${shown(tools)}`);
  }
  return tools.map((each) => {
    if (each instanceof FunctionTool) {
      return each.description;
    }
    if (each === null || typeof each !== "object") {
      throw new InvalidArgumentError(`${shown(each)} is not a tool; make one with tool(), or give OpenAI's object`);
    }
    return each as ToolDescription;
  });
}
