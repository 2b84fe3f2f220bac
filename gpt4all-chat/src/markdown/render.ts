import MarkdownIt from "markdown-it";
import { addMaths, type Markdown } from "./maths";

/**
 * Markdown to HTML that asks nothing of anywhere: HTML in it is text, images are text, and links have no address that a
 * browser could look up or open by itself; `links.ts` shows the address first.
 */

export interface Words {
  copy: string;
  image: string;
  source: string;
}

const ALLOWED = /^(?:https?|mailto):/i;

export function renderer(words: Words): Markdown {
  const md = new MarkdownIt({ html: false, linkify: true, breaks: false });
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  md.validateLink = (url) => ALLOWED.test(url.trim());
  const escape = (text: string): string => md.utils.escapeHtml(text);
  const { rules } = md.renderer;

  rules["link_open"] = (tokens, index) => {
    const url = escape(String(tokens[index]?.attrGet("href") ?? ""));
    return `<button type="button" role="link" class="link" data-url="${url}" title="${url}">`;
  };
  rules["link_close"] = () => "</button>";
  rules["image"] = (tokens, index) => {
    const token = tokens[index];
    const url = escape(String(token?.attrGet("src") ?? ""));
    const text = `[${escape(words.image)}: ${escape(token?.content || url)}]`;
    return `<button type="button" role="link" class="link" data-url="${url}" title="${url}">${text}</button>`;
  };
  const code = (content: string, language: string): string => {
    const name = escape(language);
    const head = `<div class="code-head"><span>${name}</span><button type="button" data-copy>${escape(words.copy)}</button></div>`;
    const body = escape(content.replace(/\n$/, ""));
    return `<div class="code">${head}<pre tabindex="0"><code data-language="${name}">${body}</code></pre></div>\n`;
  };
  rules["fence"] = (tokens, index) => {
    const token = tokens[index];
    return code(token?.content ?? "", /^\S+/.exec(md.utils.unescapeAll(token?.info ?? "").trim())?.[0] ?? "");
  };
  rules["code_block"] = (tokens, index) => code(tokens[index]?.content ?? "", "");
  rules["table_open"] = () => '<div class="table" tabindex="0"><table>';
  rules["table_close"] = () => "</table></div>";
  addMaths(md);
  addCitations(md, words);
  return md;
}

/** [2], where the evidence of the answer has a number 2, becomes a button that opens it. */
function addCitations(md: Markdown, words: Words): void {
  md.inline.ruler.before("link", "citation", (state, silent) => {
    if (state.src.charCodeAt(state.pos) !== 0x5b) return false;
    const found = /^\[(\d{1,3})\](?![(:[])/.exec(state.src.slice(state.pos, state.pos + 8));
    const offered = (state.env as { offered?: ReadonlySet<number> }).offered;
    if (!found || !offered?.has(Number(found[1]))) return false;
    if (!silent) state.push("citation", "", 0).content = found[1] ?? "";
    state.pos += found[0].length;
    return true;
  });
  md.renderer.rules["citation"] = (tokens, index) => {
    const number = Number(tokens[index]?.content);
    const label = md.utils.escapeHtml(`${words.source} ${number}`);
    return `<button type="button" class="cite" data-cite="${number}" aria-label="${label}">${number}</button>`;
  };
}
