/** Where the words of a search are in a text, as the server's search takes them: whatever their accents, and each may go on. */
export function places(text: string, query: string): [number, number][] {
  const { letters, at } = folded(text);
  const made: [number, number][] = [];
  for (const word of words(query)) {
    for (let from = letters.indexOf(word); from >= 0; from = letters.indexOf(word, from + word.length)) {
      const before = letters.slice(Math.max(0, from - 2), from);
      if (!UNSPACED.test(word) && /[\p{L}\p{N}_]$/u.test(before)) continue; // in the midst of a word
      made.push([at[from] ?? 0, at[from + word.length] ?? text.length]);
    }
  }
  return made;
}

// Between whose words there are no blanks.
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function words(query: string): string[] {
  const { letters } = folded(query.trim());
  return UNSPACED.test(letters) ? [letters] : [...new Set(letters.match(/[\p{L}\p{N}_]+/gu) ?? [])];
}

/** A text in small letters without accents, and where in the original each of its characters begins. */
function folded(text: string): { letters: string; at: number[] } {
  let letters = "";
  const at: number[] = [];
  let place = 0;
  for (const character of text) {
    const plain = character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (let index = 0; index < plain.length; index += 1) at.push(place);
    letters += plain;
    place += character.length;
  }
  at.push(place);
  return { letters, at };
}

const NAME = "found"; // ::highlight(found)

/** Marks words in what an element shows, also when that is drawn anew, without changing it. Undone by what it returns. */
export function markIn(element: Element, query: string): () => void {
  if (!("highlights" in CSS)) return () => undefined; // an older browser: the message is shown all the same
  const mark = (): void => {
    const ranges: Range[] = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const [start, end] of places(node.textContent ?? "", query)) {
        const range = new Range();
        range.setStart(node, start);
        range.setEnd(node, end);
        ranges.push(range);
      }
    }
    CSS.highlights.set(NAME, new Highlight(...ranges));
  };
  const observer = new MutationObserver(mark);
  observer.observe(element, { childList: true, characterData: true, subtree: true });
  mark();
  return () => {
    observer.disconnect();
    CSS.highlights.delete(NAME);
  };
}
