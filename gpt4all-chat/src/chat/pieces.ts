/** Cuts a text where a line ends, or else between words, or else anywhere but inside of a character. */
export function pieces(text: string, length: number): string[] {
  const made: string[] = [];
  let at = 0;
  while (text.length - at > length) {
    const part = text.slice(at, at + length);
    let end = part.lastIndexOf("\n") + 1 || part.lastIndexOf(" ") + 1 || length;
    if (end > 1 && /[\uD800-\uDBFF]/.test(part.charAt(end - 1))) end -= 1;
    // The end of a line is that of the piece, which begins a line anyway.
    made.push(part.slice(0, end).replace(/\n$/, ""));
    at += end;
  }
  made.push(text.slice(at));
  return made;
}
