import type { Task } from "./highlight.worker";
import { sanitise } from "./sanitise";

const LONGEST = 200_000; // characters; more is left in one colour
const REMEMBERED = 200;

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, (html: string) => void>();
const done = new Map<string, string>();

function start(): Worker {
  const made = new Worker(new URL("./highlight.worker.ts", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<{ id: number; html: string }>) => {
    waiting.get(data.id)?.(data.html);
    waiting.delete(data.id);
  };
  return made;
}

function coloured(code: string, language: string): Promise<string> {
  worker ??= start();
  const task: Task = { id: ++last, code, language };
  return new Promise((resolve) => {
    waiting.set(task.id, resolve);
    worker?.postMessage(task);
  });
}

/** Colours the code within an element whose language is known. */
export async function highlight(within: HTMLElement): Promise<void> {
  for (const element of within.querySelectorAll<HTMLElement>("code[data-language]:not([data-coloured])")) {
    const [code, language] = [element.textContent ?? "", element.dataset["language"]?.toLowerCase() ?? ""];
    if (!language || code.length > LONGEST) continue;
    const key = `${language}\n${code}`;
    let html = done.get(key);
    if (html === undefined) {
      html = sanitise(await coloured(code, language));
      if (done.size >= REMEMBERED) done.clear();
      done.set(key, html);
    }
    if (html && element.textContent === code) {
      element.innerHTML = html;
      element.dataset["coloured"] = "true";
    }
  }
}
