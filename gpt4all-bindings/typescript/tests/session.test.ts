/** Sessions as files. */

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Model, Session } from "gpt4all";

import { CORPUS, TINY } from "./support/places.js";

const ONE = { n_ctx: 512, n_parallel: 1 };
const SHORT = { max_tokens: 6, temperature: 0 } as const;

let folder: string;
let model: Model;
let other: Model;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gpt4all-session-"));
  model = await Model.open(TINY, ONE);
  other = await Model.open(TINY, ONE);
});

after(async () => {
  await Promise.all([model.close(), other.close()]);
  await rm(folder, { recursive: true });
});

// Each language has this test, of a file as Python writes it.
test("the sessions of other languages are read, and written the same", async () => {
  const sample = join(CORPUS, "sessions", "session.json");
  const session = await Session.load(sample, model);
  const path = join(folder, "sample.json");
  await session.save(path);
  assert.equal(await readFile(path, "utf8"), await readFile(sample, "utf8"));
  await rm(path);
});

test("the saved state is the session's, whoever else asks", async () => {
  const session = new Session(model, { system: "Be brief and kind, and speak of cats.", ...SHORT });
  await session.chat("The red cat and the blue dog?");
  const path = join(folder, "talk.json");
  const tokens = await model.countTokens(session.messages, { add_generation_prompt: false });
  const state = async () => (await other.restoreState(`${path}.state`)).n_tokens;
  await session.save(path, { state: true });
  assert.equal(await state(), tokens);

  let ended = false;
  const someone = (async () => {
    while (!ended) {
      await model.chat("something that no one else should read, and that is much longer", SHORT);
    }
  })();
  for (let time = 0; time < 30; time++) {
    await session.save(path, { state: true });
    assert.equal(await state(), tokens);
    assert.deepEqual((await readdir(folder)).sort(), ["talk.json", "talk.json.state"]);
  }
  ended = true;
  await someone;

  const answer = await (await Session.load(path, other)).chat("More.");
  assert.ok((answer.usage.prompt_tokens_details?.cached_tokens ?? 0) >= tokens - 2);
});
