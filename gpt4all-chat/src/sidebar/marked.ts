export interface Piece {
  text: string;
  marked: boolean;
}

/** Cuts a text where marks begin and end; marks that overlap or lie outside are taken for what they still say. */
export function marked(text: string, marks: readonly (readonly number[])[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [start = 0, end = 0] of [...marks].sort(([one = 0], [other = 0]) => one - other)) {
    const [from, to] = [Math.max(at, start), Math.min(text.length, end)];
    if (to <= from) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    pieces.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}
