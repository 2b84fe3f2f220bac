/** Sessions as files, which all languages read and write. */

import { randomUUID } from "node:crypto";
import { readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { fileError, InvalidArgumentError, LLModelError } from "./errors.js";
import type { Message } from "./generated.js";
import { checkedPath, encode } from "./json.js";
import { warn } from "./log.js";
import type { Model } from "./model.js";
import { chat, type ChatOptions } from "./operations.js";
import { begun, Request } from "./stream.js";
import type { Tools } from "./tools.js";

const FORMAT = "gpt4all.session";
const VERSION = 1;

/** What is in the file, besides its format and version. */
export interface SessionContent {
  messages: Message[];
  options: Record<string, unknown>;
  max_rounds: number;
  keep_partial: boolean;
  state: string | null;
}

const KEYS: Record<keyof SessionContent, (value: unknown) => boolean> = {
  messages: (value) => Array.isArray(value) && value.every((each) => each !== null && typeof each === "object"),
  options: (value) => value !== null && typeof value === "object" && !Array.isArray(value),
  max_rounds: Number.isInteger,
  keep_partial: (value) => typeof value === "boolean",
  state: (value) => value === null || typeof value === "string",
};

/** Writes the file, complete or not at all. Rejects with LLModelError. */
export async function writeSession(path: string, content: SessionContent): Promise<void> {
  const given = resolve(checkedPath(path));
  const whole: unknown = JSON.parse(encode({ format: FORMAT, version: VERSION, ...content }));
  const target = await realpath(given).catch(() => given);
  const found = await stat(target).catch(() => undefined);
  if (found && !found.isFile()) {
    throw new InvalidArgumentError(`${target} is not a regular file; give the session another name`, { path: target });
  }
  const temporary = join(dirname(target), `.session-${randomUUID()}`);
  try {
    await writeFile(temporary, JSON.stringify(whole, null, 1) + "\n", { mode: 0o600, flag: "wx" });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError("the session cannot be written", path, error);
  }
}

/** What writeSession() wrote. Rejects with LLModelError. */
export async function readSession(path: string): Promise<SessionContent> {
  let text: string;
  try {
    text = await readFile(checkedPath(path), "utf8");
  } catch (error) {
    throw error instanceof LLModelError ? error : fileError("the session cannot be read", path, error);
  }
  const refuse = (why: string) => new InvalidArgumentError(`${path}: ${why}`, { path });
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw refuse(`not a session: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (content === null || typeof content !== "object" || content["format"] !== FORMAT) {
    throw refuse(`not a session: it has no "format": "${FORMAT}"`);
  }
  if (content["version"] !== VERSION) {
    throw refuse(`a session of version ${String(content["version"])}, which this gpt4all does not know; update it`);
  }
  for (const [key, fits] of Object.entries(KEYS)) {
    if (!fits(content[key])) {
      throw refuse(`not a session: "${key}" is missing or wrong`);
    }
  }
  return content as unknown as SessionContent;
}

/** Writes what the engine remembers of the conversation beside the session's file. Resolves to that file's name. */
export async function saveState(
  model: Model,
  messages: Message[],
  options: ChatOptions,
  tools: Tools,
  path: string,
): Promise<string> {
  const name = `${checkedPath(path)}.state`;
  const asked = { ...options, ...(tools.length > 0 ? { tools } : {}), add_generation_prompt: false };
  const request = { path: name, chat: chat(messages, asked, false).request };
  await begun(() => new Request(model, { name: "save_state", request, build: () => undefined }));
  return basename(name);
}

/** Reads back what saveState() wrote, if it is there and fits. Without it only time is lost. */
export async function restoreState(model: Model, path: string, state: string | null): Promise<void> {
  if (state === null) {
    return;
  }
  try {
    await model.restoreState(join(dirname(resolve(path)), basename(state)));
  } catch (error) {
    if (!(error instanceof LLModelError)) {
      throw error;
    }
    warn(`the session continues without its saved state: ${error.message}`);
  }
}
