/** Runs the cases of the conformance corpus, as its README.md describes. */

import assert from "node:assert/strict";

import {
  inspect,
  LLModelError,
  Model,
  quantize,
  Session,
  Status,
  type ChatOptions,
  type Event,
  type Task,
} from "gpt4all";

import { modelPath, MODELS, type Json } from "./places.js";

/** A case that runs: its model, its sessions and the outcomes of its steps so far. */
export class Case {
  readonly outcomes: any[] = [];
  readonly #steps: Json[];
  readonly #path: string;
  readonly #places: Record<string, string>;
  readonly #sessions = new Map<string, Session>();
  #model: Model | undefined;

  constructor(example: Json, scratch: string) {
    this.#places = { "${models}": MODELS, "${scratch}": scratch };
    this.#steps = this.#fill(example["steps"]) as Json[];
    this.#path = modelPath(example["model"] as string);
  }

  /** Does one step after the other, and gives each with its outcome. */
  async *run(): AsyncGenerator<[Json, any]> {
    try {
      for (const step of this.#steps) {
        const outcome = await this.#do(step);
        this.outcomes.push(outcome);
        yield [step, outcome];
      }
    } finally {
      await this.#model?.close();
    }
  }

  #fill(value: any): any {
    if (Array.isArray(value)) {
      return value.map((each) => this.#fill(each));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#fill(each)]));
    }
    if (typeof value === "string") {
      return Object.entries(this.#places).reduce((text, [name, folder]) => text.replaceAll(name, folder), value);
    }
    return value;
  }

  async #do(step: Json): Promise<any> {
    const path = (step["path"] ?? this.#path) as string;
    switch (step["do"]) {
      case "open":
        await this.#model?.close();
        return await attempt(async () => {
          this.#model = await Model.open(path, step["options"]);
          return await this.#model.info();
        });
      case "inspect":
        return await attempt(() => inspect(path, step["options"]));
      case "quantize":
        return await attempt(() => quantize(path, step["out_path"], step["options"]));
      case "close":
        await this.#model?.close();
        return { status: "ok" };
      case "save_state":
        return await attempt(() => this.#opened().saveState(step["path"], step["request"]));
      case "restore_state":
        return await attempt(() => this.#opened().restoreState(step["path"], step["request"]));
      case "statuses":
        return {
          status: "ok",
          result: Object.fromEntries(Object.entries(Status).map(([name, value]) => [name.toLowerCase(), value])),
        };
      case "request":
        return await (
          await this.#submit(step)
        )();
      case "together": {
        const readers = [];
        for (const call of step["requests"] as Json[]) {
          readers.push(await this.#submit(call));
        }
        return await Promise.all(readers.map((read) => read()));
      }
      case "say":
        return await this.#say(step);
      case "fork":
        this.#sessions.set(step["to"], (this.#sessions.get(step["session"]) as Session).fork());
        return { status: "ok" };
      default:
        throw new Error(`no step ${step["do"]} is known`);
    }
  }

  async #say(step: Json): Promise<any> {
    let session = this.#sessions.get(step["session"]);
    if (!session) {
      session = new Session(this.#opened(), "system" in step ? { system: step["system"] } : {});
      this.#sessions.set(step["session"], session);
    }
    session.model = this.#opened();
    const asked = session;
    return await attempt(async () => (await asked.chat(step["content"] as string, step["request"] as ChatOptions)).raw);
  }

  #opened(): Model {
    assert.ok(this.#model, "the case has no open step, or it failed");
    return this.#model;
  }

  /** Submits a request at once, and gives what reads its events to the end. */
  async #submit(call: Json): Promise<() => Promise<Json>> {
    let task: Task;
    try {
      task = this.#opened().submit(call["operation"], call["request"]) as Task;
    } catch (error) {
      const outcome = failure(error);
      return () => Promise.resolve(outcome);
    }
    if (!("poll" in call)) {
      return () => read(task, [], call["cancel_after"]);
    }
    const events = [await task.poll(), await task.poll(0)].filter((event) => event !== undefined);
    const polled = { poll_status: events.length === 2 ? "ok" : "timeout" };
    return async () => ({ ...polled, ...(await read(task, events, call["cancel_after"])) });
  }
}

async function attempt(work: () => Promise<unknown>): Promise<Json> {
  try {
    return { status: "ok", result: await work() };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Json {
  if (!(error instanceof LLModelError)) {
    throw error;
  }
  return { status: error.statusName, message: error.message, detail: error.detail };
}

/** The outcome of a request; its events must keep the rules that hold for every request. */
async function read(task: Task, readBefore: Event[], cancelAfter: number | undefined): Promise<Json> {
  const events: Event[] = [];
  if (cancelAfter === 0) {
    task.cancel();
  }
  try {
    let texts = 0;
    const take = (event: Event) => {
      events.push(event);
      texts += Number(event.kind === "text");
      if (event.kind === "text" && texts === cancelAfter) {
        task.cancel();
      }
    };
    readBefore.forEach(take);
    for await (const event of task) {
      take(event);
    }
  } catch (error) {
    return failure(error);
  }
  const kinds = events.map((event) => event.kind);
  assert.equal(kinds[0], "started", "the first event is not started");
  assert.deepEqual(kinds.slice(-2), ["result", "done"], "the last two events are not the result and done");
  assert.equal(kinds.filter((kind) => kind === "result" || kind === "done").length, 2);
  const answer = task.answer as Json;
  checkChoices(answer, events);
  const floats = task.floats.map((each) => Array.from(each));
  return { status: "ok", result: answer, ...(floats.length > 0 ? { floats } : {}) };
}

function checkChoices(answer: Json, events: Event[]): void {
  for (const choice of (answer["choices"] ?? []) as Json[]) {
    const own = events.filter((event) => event.index === choice["index"]);
    const joined = (kind: string) =>
      own.flatMap((event) => (event.kind === kind && "data" in event ? [event.data as string] : [])).join("");
    const message: Json = choice["message"] ?? { content: choice["text"] };
    assert.equal(joined("text"), message["content"] ?? "", "the pieces of text do not join to what the result has");
    assert.equal(joined("reasoning"), message["reasoning_content"] ?? "", "nor do those of reasoning");
    const told = own.flatMap((event) => (event.kind === "token_logprobs" ? event.data.content : []));
    assert.deepEqual(told, (choice["logprobs"] as Json | undefined)?.["content"] ?? [], "nor do the log-probabilities");
    ((message["tool_calls"] ?? []) as Json[]).forEach((call, number) => {
      const pieces = own.flatMap((event) =>
        event.kind === "tool_call" && event.data.index === number ? [event.data.function ?? {}] : [],
      );
      const whole = (key: "name" | "arguments") => pieces.map((piece) => piece[key] ?? "").join("");
      assert.deepEqual({ name: whole("name"), arguments: whole("arguments") }, call["function"]);
    });
  }
}
