import type MarkdownIt from "markdown-it";

export type Markdown = ReturnType<typeof MarkdownIt>;

/** Mathematics in Markdown: $…$, $$…$$, \(…\) and \[…\] become elements that KaTeX fills once it is there. */

const DOLLAR = 0x24;
const BACKSLASH = 0x5c;

interface Found {
  tex: string;
  display: boolean;
  end: number;
}

function between(source: string, from: number, open: string, close: string, display: boolean): Found | null {
  const start = from + open.length;
  const end = source.indexOf(close, start);
  if (end < 0 || !source.slice(start, end).trim()) return null;
  return { tex: source.slice(start, end).trim(), display, end: end + close.length };
}

/** As Pandoc has it: no blank within the dollars, no digit after them, so that "from $5 to $10" is no formula. */
function dollars(source: string, from: number): Found | null {
  if (source.startsWith("$$", from)) return between(source, from, "$$", "$$", true);
  const found = between(source, from, "$", "$", false);
  if (!found) return null;
  const raw = source.slice(from + 1, found.end - 1);
  const fits = !/^\s|\s$/.test(raw) && !/^\d/.test(source.slice(found.end)) && !raw.includes("\n\n");
  return fits ? found : null;
}

function maths(source: string, from: number): Found | null {
  if (source.charCodeAt(from) === DOLLAR) return dollars(source, from);
  if (source.startsWith("\\(", from)) return between(source, from, "\\(", "\\)", false);
  if (source.startsWith("\\[", from)) return between(source, from, "\\[", "\\]", true);
  return null;
}

export function addMaths(md: Markdown): void {
  md.inline.ruler.before("escape", "maths", (state, silent) => {
    const first = state.src.charCodeAt(state.pos);
    if (first !== DOLLAR && first !== BACKSLASH) return false;
    const found = maths(state.src, state.pos);
    if (!found) return false;
    if (!silent) {
      const token = state.push("maths", "", 0);
      token.content = found.tex;
      token.meta = { display: found.display };
    }
    state.pos = found.end;
    return true;
  });
  md.renderer.rules["maths"] = (tokens, index) => {
    const token = tokens[index];
    const tex = md.utils.escapeHtml(token?.content ?? "");
    const display = (token?.meta as { display: boolean } | null)?.display ? "true" : "false";
    return `<span class="maths" data-tex="${tex}" data-display="${display}">${tex}</span>`;
  };
}
