/** What the corpus says of expectations: whether a step's outcome is as its case says. */

import assert from "node:assert/strict";

import type { Json } from "./places.js";

const NOTHING = Symbol("nothing");

/** What a JSON Pointer leads to, or NOTHING. */
function at(document: any, pointer: string): any {
  let found = document;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, key)) {
      return NOTHING;
    }
    found = found[key];
  }
  return found;
}

function distance(found: any, expected: any): number {
  if (!Array.isArray(expected)) {
    return Math.abs(found - expected);
  }
  assert.equal(found.length, expected.length, "the lengths differ");
  return Math.max(0, ...expected.map((each: number, index: number) => Math.abs(found[index] - each)));
}

function cosine(found: number[], expected: number[]): number {
  assert.equal(found.length, expected.length, "the lengths differ");
  const product = expected.reduce((sum, each, index) => sum + each * (found[index] as number), 0);
  return product / (Math.hypot(...found) * Math.hypot(...expected));
}

/** Fails if a step's status is not as its case says. */
export function checkStatus(step: Json, outcome: any): void {
  const calls: Json[] = step["requests"] ?? [step];
  const outcomes: Json[] = step["requests"] ? outcome : [outcome];
  assert.equal(outcomes.length, calls.length);
  calls.forEach((call, index) => {
    const one = outcomes[index] as Json;
    assert.equal(one["status"], call["status"] ?? "ok", one["message"] as string | undefined);
  });
}

/** Fails if a step's outcome is not as expected. `outcomes` are those of all steps so far. */
export function check(expectation: Json, outcome: any, outcomes: any[]): void {
  const pointer = expectation["at"] as string;
  const found = at(outcome, pointer);
  if ("absent" in expectation) {
    assert.equal(found, NOTHING, `${pointer} is there`);
    return;
  }
  assert.notEqual(found, NOTHING, `there is nothing at ${pointer} in ${JSON.stringify(outcome).slice(0, 1000)}`);
  if ("equals" in expectation) {
    assert.deepEqual(found, expectation["equals"], pointer);
  }
  if ("contains" in expectation) {
    assert.ok(found.includes(expectation["contains"]), `${pointer} is ${found}, without ${expectation["contains"]}`);
  }
  if ("same_as" in expectation) {
    assert.deepEqual(found, at(outcomes, expectation["same_as"]), `${pointer} is not ${expectation["same_as"]}`);
  }
  if ("differs_from" in expectation) {
    assert.notDeepEqual(
      found,
      at(outcomes, expectation["differs_from"]),
      `${pointer} is ${expectation["differs_from"]}`,
    );
  }
  if ("near" in expectation) {
    const off = distance(found, expectation["near"]);
    assert.ok(off <= expectation["tolerance"], `${pointer} is off by ${off}, allowed are ${expectation["tolerance"]}`);
  }
  if ("cosine" in expectation) {
    const similarity = cosine(found, expectation["cosine"]);
    assert.ok(similarity >= expectation["at_least"], `${pointer} has the cosine ${similarity}`);
  }
}
