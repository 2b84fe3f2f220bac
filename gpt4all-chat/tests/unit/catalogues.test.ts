import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { LANGUAGES } from "../../src/i18n/index.svelte";
import { errorText } from "../../src/i18n/told";

vi.stubGlobal("navigator", { languages: [] }); // which Node 20 has none of

const SOURCES = fileURLToPath(new URL("../../src", import.meta.url));
type Catalogue = Record<string, string | Record<string, string>>;
const read = (language: string): Catalogue =>
  JSON.parse(readFileSync(join(SOURCES, "i18n", `${language}.json`), "utf8")) as Catalogue;
const english = read("en");
const others = Object.keys(LANGUAGES).filter((language) => language !== "en");

const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
const texts = (entry: string | Record<string, string>): string[] =>
  typeof entry === "string" ? [entry] : Object.values(entry);

function sources(): string {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  const ours = files.filter((file) => /\.(?:svelte|ts)$/.test(file) && !file.endsWith("schema.d.ts"));
  return ours.map((file) => readFileSync(join(SOURCES, file), "utf8")).join("\n");
}

test.each(others)("%s has every text, and no other", (language) => {
  expect(Object.keys(read(language)).sort()).toEqual(Object.keys(english).sort());
});

test.each(others)("%s puts the same values into its texts", (language) => {
  const catalogue = read(language);
  for (const [key, entry] of Object.entries(english)) {
    const wanted = names(texts(entry).join(" "));
    const other = catalogue[key] ?? "";
    // A form for one or two may have it as a word.
    const found = typeof other === "string" ? names(other) : names(other["other"] ?? "");
    expect([key, found]).toEqual([key, wanted]);
    for (const text of texts(other)) expect(wanted).toEqual(expect.arrayContaining(names(text)));
  }
});

test.each(Object.keys(LANGUAGES))("%s has the plural forms of its language", (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
  for (const [key, entry] of Object.entries(read(language))) {
    if (typeof entry !== "string") expect([key, Object.keys(entry).sort()]).toEqual([key, forms]);
    expect(texts(entry).every((text) => text.trim() !== "")).toBe(true);
  }
});

/** What the server can send, from the description of its API, which its own tests hold against its code. */
const known = (schema: string): string[] => {
  const { components } = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8")) as Api;
  return components.schemas[schema]?.properties["code"]?.["x-extensible-enum"] ?? [];
};
interface Api {
  components: { schemas: Record<string, { properties: Record<string, { "x-extensible-enum"?: string[] }> }> };
}

test("every code of an error has a text, and every such text a code", () => {
  const codes = known("Error");
  expect(codes).not.toEqual([]);
  expect(codes.filter((code) => errorText(code) === null)).toEqual([]);
  const keys = Object.keys(english).filter((key) => key.startsWith("error."));
  const named = keys.map((key) => key.replace("error.", ""));
  expect(named.filter((name) => !codes.some((code) => code === name || code.startsWith(`${name}_`)))).toEqual([]);
});

test.each([
  ["fit", "Fit"],
  ["notice", "JobEvent"],
  ["remedy", "RemedyCode"],
])("every code of the server has a text, and no other: %s", (family, schema) => {
  const keys = Object.keys(english).filter((key) => key.startsWith(`${family}.`));
  expect(keys).not.toEqual([]);
  expect(keys).toEqual(
    known(schema)
      .map((code) => `${family}.${code}`)
      .sort(),
  );
});

test("every text is used, and every family of keys has texts", () => {
  const code = sources();
  // `stage.${…}` uses all that begin with "stage.".
  const families = [...code.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((match) => match[1] ?? "");
  const unused = Object.keys(english).filter(
    (key) => !code.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)),
  );
  expect(unused).toEqual([]);
  for (const family of families) {
    expect([family, Object.keys(english).some((key) => key.startsWith(family))]).toEqual([family, true]);
  }
});
