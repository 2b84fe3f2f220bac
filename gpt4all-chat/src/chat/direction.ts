const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;

/** From how many characters on a field is a long one. */
export const LONG = 20_000;

/**
 * The direction of a field that a text is written in. The browser finds that of each paragraph, but of a million
 * characters only in many seconds, anew with every key: in a long text, the first letter decides.
 */
export function directionOf(text: string): "auto" | "ltr" | "rtl" {
  if (text.length <= LONG) return "auto";
  const letter = /\p{L}/u.exec(text.slice(0, LONG))?.[0] ?? "";
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}
