import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { FakeServer } from "../fake/server";
import type { Store } from "../fake/store";

// the shell first: it is all that a flow needs, where the whole browser also draws its own window
const PROGRAMS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/** Debian's browser; undefined if there is none. */
export function program(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

let browser: Browser | undefined;

export async function launched(): Promise<Browser> {
  // No name leads anywhere but to this machine, so that a test needs no network and shows what would ask for one.
  const rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", rules];
  browser ??= await chromium.launch({ executablePath: program() ?? "", args });
  return browser;
}

export async function quit(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

export interface Shown {
  page: Page;
  server: FakeServer;
  /** Everything that the page asked for, by address. */
  asked: string[];
  /** What the page told of errors. */
  errors: string[];
  close: () => Promise<void>;
}

/** A server and a page that is signed in to it. */
export async function opened(store?: Store, options: BrowserContextOptions = {}): Promise<Shown> {
  const server = await new FakeServer(store).start();
  const context = await (
    await launched()
  ).newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const [asked, errors]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(server.address);
  await page.locator("main").waitFor();
  const close = async (): Promise<void> => {
    await context.close();
    await server.stop();
  };
  return { page, server, asked, errors, close };
}

export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
}

/** Waits until an answer is complete. */
export async function answered(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
  await page.locator('[role="log"][aria-busy="false"]').waitFor();
}

export const lastAnswer = (page: Page) => page.locator('[data-role="assistant"]').last();

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds wrong with what is shown. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: Violation[] }> } };
    return (await axe.run({ runOnly: { type: "tag", values: tags } })).violations;
  }, RULES);
  return found.map(({ id, impact, nodes }) => {
    const shown = nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)}\n    ${node.failureSummary ?? ""}`);
    return `${id} (${impact ?? "?"}):\n  ${shown.join("\n  ")}`;
  });
}
