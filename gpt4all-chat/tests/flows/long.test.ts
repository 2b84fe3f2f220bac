import type { Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Store } from "../fake/store";
import { answered, opened, program, quit, type Shown } from "./browser";

// What it begins with has the scripted model answer with a few words.
const TEXT = `tokens 20 200 ${Array.from({ length: 120_000 }, (_, index) => `word${index}`).join(" ")}`.slice(
  0,
  1_000_000,
);
// It takes a quarter of a second here, and took 14 seconds: others may use these processors.
const LONGEST_MS = 4_000;

describe.skipIf(!program())("a message of a million characters", () => {
  let shown: Shown;
  afterEach(async () => {
    expect(shown.errors).toEqual([]);
    await shown.close();
  });
  afterAll(quit);

  const field = (page: Page) => page.locator(".composer textarea");

  /** Milliseconds until the page has done something, and has drawn it. */
  async function took(page: Page, work: () => Promise<unknown>): Promise<number> {
    const began = performance.now();
    await work();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    return performance.now() - began;
  }

  test("is written and sent, and each key is taken at once", async () => {
    shown = await opened();
    const { page, server } = shown;
    expect(await took(page, () => field(page).fill(TEXT))).toBeLessThan(LONGEST_MS);
    for (let index = 0; index < 3; index += 1) {
      expect(await took(page, () => page.keyboard.press("b"))).toBeLessThan(LONGEST_MS);
    }
    await page.keyboard.press("Enter");
    await answered(page);
    const [chat] = server.store.chats.values();
    expect(chat?.messages[0]?.content).toBe(`${TEXT}bbb`);
  });

  test("is shown in part, then whole, and can be edited", async () => {
    const store = new Store();
    const chat = store.addChat("A long message", { id: "long" });
    store.addMessage(chat, "user", TEXT);
    store.addMessage(chat, "assistant", "So it is.");
    shown = await opened(store);
    const { page } = shown;
    const opening = took(page, async () => {
      await page.getByRole("link", { name: "A long message" }).click();
      await page.getByText("So it is.").waitFor();
    });
    expect(await opening).toBeLessThan(LONGEST_MS);
    const message = page.locator('[data-role="user"]');
    expect((await message.locator(".body").innerText()).length).toBeLessThan(20_000);
    const whole = () => message.getByRole("button", { name: "Show all 1,000,000 characters" }).click();
    expect(await took(page, whole)).toBeLessThan(LONGEST_MS);
    expect((await message.locator(".body").textContent())?.replace(/\s/g, "")).toBe(TEXT.replace(/\s/g, ""));
    expect(await took(page, () => field(page).fill("short"))).toBeLessThan(LONGEST_MS);
    await message.hover();
    await message.locator(".actions").getByRole("button", { name: "Edit" }).click();
    expect(await took(page, () => message.locator("textarea").waitFor())).toBeLessThan(LONGEST_MS);
    expect(await took(page, () => page.keyboard.press("b"))).toBeLessThan(LONGEST_MS);
    await page.keyboard.press("Enter");
    await expect.poll(() => chat.messages.filter((each) => each.content === `${TEXT}b`).length).toBe(1);
  });
});
