import { beforeAll, expect, test, vi } from "vitest";
import type { Problem } from "../../src/api/types";
import { setLanguage } from "../../src/i18n/index.svelte";
import { answerText, fitReason, modelText, remedies, wrong } from "../../src/i18n/told";
import { catalogue, message } from "../fake/data";

beforeAll(async () => {
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: ["de-AT"] });
  await setLanguage("de");
});

const plain = (text: string): string => text.replace(/\s/g, " ");

test("a reason is said in the page's language, with its sizes and names", () => {
  const values = { needed: 2_180_000_000, gpu: "RTX {free}", free: 24_000_000_000 };
  const fit = { verdict: "good", reason: "in English", code: "gpu", values } as const;
  expect(plain(fitReason(fit))).toBe("Braucht etwa 2,2 GB; RTX {free} hat 24 GB frei");
});

test("a code that the page does not know is said as the server says it", () => {
  const fit = { verdict: "good", reason: "in English", code: "of_a_later_release", values: {} } as const;
  expect(fitReason(fit)).toBe("in English");
  const told = { remedies: ["One.", "Two.", "Three."] };
  expect(remedies(told)).toEqual(["One.", "Two.", "Three."]);
  const codes: Problem["remedy_codes"] = [
    { code: "of_a_later_release", values: {} },
    { code: "choose_smaller_named", values: { model: "SmolLM2" } },
  ];
  expect(remedies({ ...told, remedy_codes: codes })).toEqual([
    "One.",
    "Wählen Sie ein kleineres Modell, etwa SmolLM2.",
    "Three.",
  ]);
});

test("an error is said by its code, with the server's own words as its detail; of no code, by those alone", async () => {
  const told = (code: string | null) => wrong({ message: "in English", code, param: null, remedies: [] });
  expect(told("out_of_memory")).toEqual({
    text: "Für dieses Modell reicht der Speicher nicht.",
    detail: "in English",
  });
  expect(told("attachment_encrypted").text).toBe(
    "Die angehängte Datei kann nicht gelesen werden: Durch ein Passwort geschützt",
  );
  expect(told("file_not_found").text).toBe("Die Datei ist nicht mehr da.");
  for (const code of [null, "of_a_later_release", "file_of_a_later_release"]) {
    expect(told(code)).toEqual({ text: "in English", detail: null });
  }
  await setLanguage("en");
  expect(told("out_of_memory")).toEqual({ text: "in English", detail: null });
});

test("what documents say nothing about is said in the page's language; what a model has written, as it is", async () => {
  await setLanguage("de");
  const searched = (files: number) => ({ files, used: 0, mode: "none" as const, answerable: false, reranking: null });
  const answer = message("c", "assistant", "in English", null);
  const nothing = { ...answer, stop_reason: "documents", searched: searched(1200) };
  expect(plain(answerText(nothing))).toBe("Ihre Dokumente sagen dazu nichts: 1 200 Dateien wurden durchsucht.");
  expect(answerText({ ...nothing, searched: searched(0) })).toContain("noch kein Dokument");
  expect(answerText({ ...nothing, stop_reason: "stop" })).toBe("in English");
  await setLanguage("en");
  expect(answerText(nothing)).toBe("in English");
});

test("a model of the catalogue is described in the page's language, one of a later catalogue as the server does", async () => {
  const [model] = catalogue;
  if (!model) throw new Error("there is one");
  await setLanguage("de");
  expect(modelText({ ...model, file: "Qwen3-0.6B-Q8_0.gguf" })).toContain("Das kleinste Qwen3");
  expect(modelText({ ...model, file: "later.gguf", description: "in English" })).toBe("in English");
});
