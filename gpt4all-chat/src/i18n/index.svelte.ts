import en from "./en.json";

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Record<Key, Text>;

export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  zh: "中文",
  ja: "日本語",
  ar: "العربية",
} as const;
const RIGHT_TO_LEFT: readonly string[] = ["ar"];
export type Language = keyof typeof LANGUAGES;

const files = import.meta.glob<{ default: Catalogue }>(["./*.json", "!./en.json"]);

let language = $state<Language>("en");
let catalogue = $state.raw<Catalogue>(en);

/** A language that there is, from what a browser or a setting asks for. */
export function closest(wanted: readonly (string | null | undefined)[]): Language {
  for (const tag of wanted) {
    const short = (tag ?? "").toLowerCase().split("-")[0] ?? "";
    if (short in LANGUAGES) return short as Language;
  }
  return "en";
}

export async function setLanguage(wanted: Language): Promise<void> {
  const file = files[`./${wanted}.json`];
  catalogue = file ? (await file()).default : en;
  language = wanted;
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(wanted) ? "rtl" : "ltr";
}

export const currentLanguage = (): Language => language;

/** How numbers and dates are written: as in the person's country, if they speak this language there. */
export const locale = (): string => navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;

/** Puts values into a text that has their names in braces. */
export function fill(text: string, values: Values, locale: string): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

/** The text of a key; one that depends on a number has the number as `n`. */
export function t(key: Key, values: Values = {}): string {
  const text: Text = catalogue[key] ?? en[key];
  if (typeof text === "string") return fill(text, values, locale());
  const form = new Intl.PluralRules(language).select(Number(values["n"] ?? 0));
  return fill(text[form] ?? text.other ?? "", values, locale());
}

/** Whether there is a text for a key that the server has named. */
export const known = (key: string): key is Key => key in en;
