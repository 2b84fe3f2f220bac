/** What the tests made of the corpus, for the comparison of all languages. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["GPT4ALL_CONFORMANCE"];

type Kind = "cases" | "downloads";

const KINDS: Kind[] = ["cases", "downloads"];

/** Writes the results of one kind, and the file for all languages of what there is of both. */
export function writeResults(kind: Kind, results: Record<string, unknown>): void {
  if (!folder) {
    return;
  }
  const own = join(folder, "typescript");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, `${kind}.json`), JSON.stringify(results));
  const there = readdirSync(own);
  const whole = Object.fromEntries(
    KINDS.map((each) => [
      each,
      there.includes(`${each}.json`) ? (JSON.parse(readFileSync(join(own, `${each}.json`), "utf8")) as unknown) : {},
    ]),
  );
  writeFileSync(join(folder, "results-typescript.json"), JSON.stringify({ language: "typescript", ...whole }));
}
