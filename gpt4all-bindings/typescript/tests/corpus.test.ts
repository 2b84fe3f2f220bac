/** Every case of the conformance corpus. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { writeResults } from "./support/conformance.js";
import { check, checkStatus } from "./support/expectations.js";
import { CORPUS, MissingModelError, modelPath, readJson, type Json } from "./support/places.js";
import { Case } from "./support/runner.js";

const folder = join(CORPUS, "cases");
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .flatMap((name) => readJson(join(folder, name))["cases"] as Json[]);
const results: Record<string, unknown> = {};

for (const example of cases) {
  const id = example["id"] as string;
  test(id, async (context) => {
    try {
      modelPath(example["model"] as string);
    } catch (error) {
      if (!(error instanceof MissingModelError)) {
        throw error;
      }
      results[id] = { skipped: error.message };
      context.skip(error.message);
      return;
    }
    const scratch = mkdtempSync(join(tmpdir(), "gpt4all-corpus-"));
    const running = new Case(example, scratch);
    try {
      let number = 0;
      for await (const [step, outcome] of running.run()) {
        checkStep(`${example["title"]}: step ${number++} (${step["do"]})`, step, outcome, running.outcomes);
      }
      results[id] = { outcomes: running.outcomes };
    } catch (error) {
      results[id] = { failed: String(error), outcomes: running.outcomes };
      throw error;
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
}

function checkStep(where: string, step: Json, outcome: unknown, outcomes: unknown[]): void {
  try {
    checkStatus(step, outcome);
    for (const expectation of (step["expect"] ?? []) as Json[]) {
      check(expectation, outcome, outcomes);
    }
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

test("there are enough cases", () => {
  assert.ok(cases.length >= 400);
});

after(() => writeResults("cases", results));
