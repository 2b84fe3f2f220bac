import type { CatalogueModel, Fit, Message, Problem } from "../api/types";
import { bytes } from "./format";
import { currentLanguage, known, t, type Values } from "./index.svelte";

/**
 * What the server says, in the language of the page. It sends a code with values beside the English text, which is shown
 * for a code that this page does not know.
 */

/** Why a model suits this machine, or does not. */
export function fitReason({ code, values, reason }: Fit): string {
  const key = `fit.${code}`;
  const said: Values = {};
  for (const [name, value] of Object.entries(values)) said[name] = typeof value === "number" ? bytes(value) : value;
  return known(key) ? t(key, said) : reason;
}

/** What a model of the catalogue is good for. */
export function modelText({ file, description }: CatalogueModel): string {
  const key = `catalogue.${file}`;
  return known(key) ? t(key) : description;
}

/** What an answer says: the program itself has written it where documents say nothing and no model was asked. */
export function answerText({ content, stop_reason, searched }: Message): string {
  if (stop_reason !== "documents" || !searched || currentLanguage() === "en") return content;
  const { files } = searched;
  return t(`nothing.${files ? "not_in_documents" : "documents_not_ready"}`, { n: files });
}

/** What can be done about a problem. */
export function remedies({ remedies = [], remedy_codes: codes = [] }: Partial<Problem>): string[] {
  return remedies.map((text, index) => {
    const coded = codes[index];
    const key = `remedy.${coded?.code ?? ""}`;
    return coded && known(key) ? t(key, coded.values) : text;
  });
}

/** The text for an error's code; null: there is none. */
export function errorText(code: string): string | null {
  const key = `error.${code}`;
  if (known(key)) return t(key);
  const [, what = "", why = ""] = /^(attachment|file)_(\w+)$/.exec(code) ?? [];
  const [about, reason] = [`error.${what}`, `documents.reason.${why}`];
  return known(about) && known(reason) ? t(about, { reason: t(reason) }) : null;
}

/**
 * What went wrong. detail: what the server says, which is in English and names what it was about, if the text is only
 * that of the code.
 */
export function wrong({ message, code }: Problem): { text: string; detail: string | null } {
  const text = currentLanguage() === "en" ? null : errorText(code ?? "");
  return text === null ? { text: message, detail: null } : { text, detail: message };
}
