import highlighter from "highlight.js/lib/common";

/** Colours code beside the page, which a long file would hold up. */

export interface Task {
  id: number;
  code: string;
  language: string;
}

self.onmessage = ({ data }: MessageEvent<Task>) => {
  const { id, code, language } = data;
  const html = highlighter.getLanguage(language)
    ? highlighter.highlight(code, { language, ignoreIllegals: true }).value
    : "";
  self.postMessage({ id, html });
};
