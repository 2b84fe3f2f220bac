/** Runs the cases of downloading that all bindings share, as the catalogue's README.md describes. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { CancellationError, LLModelError, models } from "gpt4all";

import { CATALOGUE, readJson, type Json } from "./places.js";

export const SHARED = readJson(join(CATALOGUE, "download-cases.json"));

/** The misbehaving server as a program of its own. */
export class Server {
  private constructor(
    private readonly process: ChildProcess,
    readonly places: Record<string, string>,
  ) {}

  static async start(): Promise<Server> {
    const child = spawn("python3", [join(CATALOGUE, "misbehaving_server.py")], { stdio: ["pipe", "pipe", "inherit"] });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("error", reject);
    });
    const unused = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => unused.once("listening", resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve)); // nothing listens there from here on
    return new Server(child, { ...(JSON.parse(line) as Record<string, string>), nowhere: `http://127.0.0.1:${port}` });
  }

  /** The JSON that a command of the server gives. */
  async get(path: string): Promise<any> {
    return await (await fetch(this.places["url"] + path)).json();
  }

  /** Ends it, and returns its exit code. */
  async close(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once("exit", resolve));
    this.process.stdin?.end();
    return await ended;
  }
}

/** A case that runs: its server and its folder. */
export class DownloadCase {
  readonly #path: string;
  readonly #part: string;

  constructor(
    private readonly server: Server,
    folder: string,
  ) {
    this.#path = join(folder, "m.gguf");
    this.#part = join(folder, ".gpt4all", "m.gguf.part");
  }

  /** Does one step after the other. Fails if something is not as the case says. */
  async run(example: Json): Promise<void> {
    await this.server.get("/reset");
    for (const [number, step] of (example["steps"] as Json[]).entries()) {
      try {
        await this.#step(step);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`${example["title"]}: step ${number}: ${why}`, { cause: error });
      }
    }
  }

  async #step(step: Json): Promise<void> {
    if (step["do"] === "behave") {
      await this.server.get(`/calm/${step["id"]}`);
    } else if (step["do"] === "write") {
      const places: Json = { file: this.#path, part: this.#part, part_description: `${this.#part}.json` };
      const target = places[step["what"]] as string;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, "zeros" in step ? Buffer.alloc(step["zeros"]) : step["text"]);
    } else {
      assert.equal(step["do"], "download");
      await this.#download(step);
    }
  }

  async #download(step: Json): Promise<void> {
    const partBefore = existsSync(this.#part) ? statSync(this.#part).size : 0;
    const askedBefore = (await this.server.get("/requests")).length as number;
    const started = performance.now();
    let caught: LLModelError | undefined;
    try {
      await this.#fetch(step);
    } catch (error) {
      if (!(error instanceof LLModelError)) {
        throw error;
      }
      caught = error;
    }
    assert.ok(performance.now() - started >= (step["at_least_seconds"] ?? 0) * 1000, "it did not wait");
    checkError(caught, step["error"]);
    this.#checkDisk(step);
    if ("requests" in step) {
      const found = (await this.server.get("/requests")).slice(askedBefore) as Json[];
      checkRequests(found, step["requests"], partBefore);
    }
  }

  async #fetch(step: Json): Promise<void> {
    const settings: Json = { hubEndpoint: this.server.places["url"] };
    for (const [key, value] of Object.entries({ ...SHARED["settings"], ...step["settings"] })) {
      settings[key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())] = value;
    }
    if ("token" in step) {
      settings["hubToken"] = step["token"];
    }
    const known = Object.fromEntries(
      ["size", "sha256", "md5"].filter((key) => key in step).map((key) => [key, step[key]]),
    );
    await models.download(
      (step["from"] as string[]).map((address) => this.#fill(address)),
      this.#path,
      {
        ...known,
        force: step["force"] ?? false,
        settings,
        ...("cancel_at" in step ? { onDownload: ({ doneBytes }) => doneBytes < step["cancel_at"] } : {}),
      },
    );
  }

  #fill(text: string): string {
    return Object.entries(this.server.places).reduce(
      (filled, [name, place]) => filled.replaceAll(`\${${name}}`, place),
      text,
    );
  }

  #checkDisk(step: Json): void {
    if (step["file"] === null) {
      assert.ok(!existsSync(this.#path), "there is a file under the final name");
    } else {
      const expected = SHARED["contents"][step["file"]] as Json;
      const found = readFileSync(this.#path);
      assert.equal(found.length, expected["size"], "the file has another length");
      assert.equal(createHash("sha256").update(found).digest("hex"), expected["sha256"], "it has another content");
    }
    if (!("part" in step)) {
      return;
    }
    if (step["part"] === null) {
      const state = dirname(this.#part);
      const left = (existsSync(state) ? readdirSync(state) : []).filter(
        (name) => !name.endsWith(".lock") && name !== "m.gguf.json",
      );
      assert.deepEqual(left, [], "something is left");
      return;
    }
    const kept = statSync(this.#part).size;
    const { at_least: least, below } =
      typeof step["part"] === "number" ? { at_least: step["part"], below: step["part"] + 1 } : step["part"];
    assert.ok(least <= kept && kept < below, `${kept} bytes are kept, not ${least} to ${below}`);
  }
}

function kindOf(error: LLModelError): string {
  if (error instanceof CancellationError) {
    return "cancelled";
  }
  return "kind" in error ? String(error.kind) : error.name;
}

function checkError(caught: LLModelError | undefined, expected: Json | undefined): void {
  if (!expected) {
    if (caught) {
      throw caught;
    }
    return;
  }
  assert.ok(caught, `there was no error; expected is ${expected["kind"]}`);
  assert.equal(kindOf(caught), expected["kind"], caught.message);
  assert.equal(caught.statusName, expected["status"]);
  assert.equal(caught.detail["http_status"], expected["http_status"]);
}

function checkRequests(found: Json[], expected: Json[], partBefore: number): void {
  assert.equal(found.length, expected.length, `the server was asked ${found.length} times`);
  found.forEach((one, index) => {
    const headers = Object.fromEntries(
      Object.entries(one["headers"] as Json).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const wanted = expected[index] as Json;
    if ("listener" in wanted) {
      assert.equal(one["listener"], wanted["listener"]);
    }
    if ("from" in wanted) {
      const begin = (wanted["from"] === "part" ? partBefore : wanted["from"]) as number | null;
      assert.equal(headers["range"], begin === null ? undefined : `bytes=${begin}-`);
    }
    if ("authorization" in wanted) {
      assert.equal(headers["authorization"] ?? null, wanted["authorization"]);
    }
  });
}
