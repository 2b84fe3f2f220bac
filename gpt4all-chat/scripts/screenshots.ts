import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, test } from "vitest";
import { sample } from "../tests/fake/sample";
import { opened, quit, send } from "../tests/flows/browser";

/** Makes the pictures in docs/images/chat of the built pages, with the scripted server. */

const INTO = fileURLToPath(new URL("../../docs/images/chat/", import.meta.url));
const VIEW = { viewport: { width: 1160, height: 740 }, reducedMotion: "reduce" } as const;
type Steps = (page: Page) => Promise<void>;

const go =
  (hash: string, seen: string): Steps =>
  async (page) => {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.getByText(seen).first().waitFor();
  };

const SCREENS: Record<string, Steps> = {
  chat: async (page) => {
    await go("#/chat/sorting", "heapq.merge")(page);
    await page.locator('[data-coloured="true"]').waitFor();
    await page.locator(".katex").first().waitFor();
  },
  new: go("#/chat", "Everything stays on this machine."),
  answering: async (page) => {
    await go("#/chat", "Everything stays on this machine.")(page);
    await send(page, "Describe how an answer is written.");
    await page.getByText("word by word").nth(3).waitFor();
    await page.getByText("tokens/s").waitFor();
  },
  source: async (page) => {
    await go("#/chat/pump", "2.1 bar")(page);
    await page.getByRole("button", { name: "Source 1" }).click();
    await page.getByTestId("mark").waitFor();
  },
  "chat-settings": async (page) => {
    await go("#/chat/sorting", "heapq.merge")(page);
    await page.getByRole("button", { name: "Settings of this chat" }).click();
  },
  search: async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("pump");
    await page.getByText("results").waitFor();
  },
  models: async (page) => {
    await go("#/models", "Strong Instruct")(page);
    await page.getByRole("button", { name: /Download 2.5/ }).click();
    await page.getByText("Downloading").waitFor();
    await page.mouse.move(0, 0);
    await page.getByText("Downloading").scrollIntoViewIfNeeded();
  },
  documents: async (page) => {
    await go("#/documents/Handbook", "Try a search")(page);
    await page.getByRole("searchbox", { name: "A question" }).fill("When does the reserve pump start?");
    await page.keyboard.press("Enter");
    await page.getByText("similarity").first().waitFor();
    await page.getByText("chapter-1.pdf").waitFor();
  },
  settings: go("#/settings", "Everything is kept in"),
  server: go("#/server", "/v1/chat/completions"),
  shortcuts: async (page) => {
    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  },
};

afterAll(quit);

test.each(["light", "dark"] as const)("%s", { timeout: 300_000 }, async (scheme) => {
  mkdirSync(INTO, { recursive: true });
  for (const [name, steps] of Object.entries(SCREENS)) {
    const { page, close } = await opened(sample(), { ...VIEW, colorScheme: scheme });
    await page.getByText("Everything stays on this machine.").waitFor();
    await steps(page);
    await page.screenshot({ path: `${INTO}${name}-${scheme}.png` });
    await close();
  }
  const arabic = sample();
  arabic.settings.values["language"] = "ar";
  const other = await opened(arabic, { ...VIEW, colorScheme: scheme });
  await go("#/chat/sorting", "heapq.merge")(other.page);
  await other.page.locator(".katex").first().waitFor();
  await other.page.screenshot({ path: `${INTO}arabic-${scheme}.png` });
  await other.close();
  const store = sample();
  store.state.first_run = true;
  const { page, close } = await opened(store, { ...VIEW, colorScheme: scheme });
  await page.getByText("Strong Instruct").waitFor();
  await page.screenshot({ path: `${INTO}first-run-${scheme}.png` });
  await close();
});
