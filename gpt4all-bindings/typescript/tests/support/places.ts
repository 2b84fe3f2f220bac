/** Where things lie in the checkout. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type Json = Record<string, any>;

/** The binding's folder. */
export const PACKAGE = join(__dirname, "..", "..");
export const ROOT = join(PACKAGE, "..", "..");
export const CORPUS = join(PACKAGE, "..", "corpus");
export const CATALOGUE = join(PACKAGE, "..", "catalogue");

export function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, "utf8")) as Json;
}

const manifest = readJson(join(CORPUS, "models.json"));

/** Where the models lie that are part of the repository. */
export const MODELS = join(CORPUS, manifest["folder"] as string);

/** The path of one of them. */
export function committed(name: string): string {
  return join(MODELS, `${name}.gguf`);
}

export const TINY = committed("tiny-llama-f32");

/** A model that cannot be had on this machine. */
export class MissingModelError extends Error {}

const found = new Map<string, string>();

/** The file of a model of models.json. Throws MissingModelError. */
export function modelPath(name: string): string {
  const known = found.get(name);
  if (known) {
    return known;
  }
  const entry = manifest["models"][name] as Json;
  const cache = process.env["GPT4ALL_CACHE"] ?? join(homedir(), ".cache", "gpt4all");
  const path = join(entry["source"] ? join(cache, "models") : MODELS, entry["file"] as string);
  if (!existsSync(path)) {
    throw new MissingModelError(`${entry["file"]} is not on this machine; \`gpt4all pull\` downloads it`);
  }
  const data = readFileSync(path);
  if (data.length !== entry["size"] || createHash("sha256").update(data).digest("hex") !== entry["sha256"]) {
    throw new MissingModelError(`${path} is another file than models.json describes`);
  }
  found.set(name, path);
  return path;
}

/** A chat template with a place for tools, which the tiny model has not. */
export const TOOLS_TEMPLATE =
  "{% if tools %}tools:{% for tool in tools %} {{ tool.function | tojson }}{% endfor %}\n{% endif %}" +
  "{% for message in messages %}{{ message.role }}: {{ message.content or '' }}" +
  "{% for call in message.tool_calls or [] %}<tool_call>\n" +
  '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}' +
  "\n</tool_call>{% endfor %}\n{% endfor %}";
