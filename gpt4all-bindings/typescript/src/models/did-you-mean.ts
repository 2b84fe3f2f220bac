/** Names of the catalogue that are nearly the one that was given: those that Python's difflib finds. */

import { catalogue, namesOf } from "./catalogue.js";

const LEAST = 0.6;
const MOST = 3;

/** A question with the nearest names; empty if none is near. */
export function didYouMean(name: string): string {
  const names = new Map(
    catalogue()
      .flatMap(namesOf)
      .map((each) => [each.toLowerCase(), each]),
  );
  const wanted = [...name.toLowerCase()];
  const near = [...names.keys()]
    .map((each) => ({ name: each, ratio: similarity([...each], wanted) }))
    .filter(({ ratio }) => ratio >= LEAST)
    .sort((a, b) => b.ratio - a.ratio || (a.name < b.name ? 1 : -1))
    .slice(0, MOST)
    .map((each) => `"${names.get(each.name)}"`);
  return near.length > 0 ? `. Did you mean ${near.join(" or ")}?` : "";
}

/** How alike two texts are, from 0 to 1: by the letters in their longest common pieces (Ratcliff and Obershelp). */
export function similarity(one: readonly string[], other: readonly string[]): number {
  const letters = one.length + other.length;
  return letters === 0 ? 1 : (2 * matching(one, other)) / letters;
}

function matching(one: readonly string[], other: readonly string[]): number {
  let longest = 0;
  let end = 0;
  let otherEnd = 0;
  let above = new Array<number>(other.length + 1).fill(0); // how long the common piece is that ends at each place
  one.forEach((letter, index) => {
    const row = new Array<number>(other.length + 1).fill(0);
    other.forEach((otherLetter, place) => {
      if (letter === otherLetter) {
        const length = (above[place] ?? 0) + 1;
        row[place + 1] = length;
        if (length > longest) {
          [longest, end, otherEnd] = [length, index + 1, place + 1];
        }
      }
    });
    above = row;
  });
  if (longest === 0) {
    return 0;
  }
  return (
    matching(one.slice(0, end - longest), other.slice(0, otherEnd - longest)) +
    longest +
    matching(one.slice(end), other.slice(otherEnd))
  );
}
