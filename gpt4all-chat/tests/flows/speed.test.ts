import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { words } from "../fake/script";
import { Store } from "../fake/store";
import { answered, opened, program, quit, send, type Shown } from "./browser";

const STATIC = fileURLToPath(new URL("../../../gpt4all-bindings/python/gpt4all/_app/static", import.meta.url));

function long(messages: number): Store {
  const store = new Store();
  const chat = store.addChat("A long chat", { id: "long" });
  for (let index = 0; index < messages / 2; index += 1) {
    store.addMessage(chat, "user", `Question ${index}: what is to be said?`);
    store.addMessage(
      chat,
      "assistant",
      `### Answer ${index}\n\n${words(80)}\n\n- one\n- two\n\n\`\`\`python\nx = ${index}\n\`\`\`\n`,
    );
  }
  return store;
}

function many(chats: number): Store {
  const store = new Store();
  const now = Date.now() / 1000;
  for (let index = 0; index < chats; index += 1) store.addChat(`Chat ${index}`, { updated: now - index * 3600 });
  return store;
}

describe.skipIf(!program())("speed", () => {
  let shown: Shown | undefined;
  afterEach(async () => {
    await shown?.close();
    shown = undefined;
  });
  afterAll(quit);

  test("the first message needs less than 400 KB of JavaScript, and the first paint less than a second", async () => {
    shown = await opened();
    const { page, asked } = shown;
    await page.getByRole("textbox", { name: "Message" }).waitFor();
    const scripts = [...new Set(asked.filter((url) => url.endsWith(".js")))];
    const size = scripts.reduce(
      (sum, url) => sum + gzipSync(readFileSync(join(STATIC, new URL(url).pathname))).length,
      0,
    );
    let paint = Infinity; // the best of three: others use these processors too
    for (let index = 0; index < 3; index += 1) {
      if (index) await page.reload();
      await page.getByRole("textbox", { name: "Message" }).waitFor();
      const seen = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      paint = Math.min(paint, seen ?? Infinity);
    }
    console.log(
      `JavaScript ${(size / 1000).toFixed(0)} KB in ${scripts.length} files, first paint ${paint.toFixed(0)} ms`,
    );
    expect(size).toBeGreaterThan(10_000);
    expect(size).toBeLessThan(400_000);
    expect(paint).toBeLessThan(1000);
    expect(readdirSync(join(STATIC, "assets")).some((name) => name.endsWith(".map"))).toBe(false);
  });

  test("with 5,000 chats, a reload takes less than a second, and an answer asks for one of them", async () => {
    shown = await opened(many(5000));
    const { page, asked } = shown;
    const first = page.getByRole("link", { name: "Chat 0", exact: true });
    await first.waitFor();
    let took = Infinity; // the best of three: others use these processors too
    for (let index = 0; index < 3; index += 1) {
      const began = performance.now();
      await page.reload();
      await first.waitFor();
      took = Math.min(took, performance.now() - began);
    }
    const rows = await page.locator("nav li").count();
    console.log(`5,000 chats: ${took.toFixed(0)} ms, ${rows} rows`);
    expect(took).toBeLessThan(1000);
    expect(rows).toBeLessThan(101);
    await page.getByRole("link", { name: "Chat 3", exact: true }).click();
    asked.length = 0;
    await send(page, "tokens 20 200");
    await answered(page);
    await page.waitForTimeout(500); // what another window would be told
    const lists = asked.map((url) => new URL(url)).filter(({ pathname }) => /\/chats$|folders$/.test(pathname));
    expect(lists.map(({ href }) => href)).toEqual([]);
    expect(await page.locator("nav li").first().innerText()).toContain("Chat 3"); // it is the newest now
  });

  test("complaint 11: 1,000 messages open in less than 1.5 s", async () => {
    shown = await opened(long(1000));
    const { page } = shown;
    await page.getByRole("link", { name: "A long chat" }).waitFor();
    const took = await page.evaluate(async () => {
      const began = performance.now();
      location.hash = "#/chat/long";
      const seen = (): boolean => {
        const row = document.querySelector(".place:last-child .markdown h3");
        return row !== null && row.getBoundingClientRect().top < innerHeight;
      };
      while (!seen()) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return performance.now() - began;
    });
    console.log(`1,000 messages: ${took.toFixed(0)} ms`);
    expect(await page.locator(".place").count()).toBe(1000);
    expect(took).toBeLessThan(1500);
  });

  test("complaint 11: a key is painted within 50 ms, 95 of 100 times, while 200 tokens a second arrive", async () => {
    shown = await opened(long(100));
    const { page } = shown;
    await page.getByRole("link", { name: "A long chat" }).click();
    await page.getByText("Question 49").waitFor();
    await send(page, "tokens 6000 200");
    await page.getByText("word by word").last().waitFor();
    await page.waitForTimeout(1000);
    await page.evaluate(() => {
      const times: number[] = ((window as { times?: number[] }).times = []);
      document.querySelector("textarea")?.addEventListener("keydown", () => {
        const began = performance.now();
        // A message after the frame: the frame has been painted by then.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port2.onmessage = () => times.push(performance.now() - began);
          port1.postMessage(null);
        });
      });
    });
    await page.getByRole("textbox", { name: "Message" }).focus();
    for (let index = 0; index < 100; index += 1) {
      await page.keyboard.press("a");
      await page.waitForTimeout(20);
    }
    const times = await page.evaluate(() => (window as { times?: number[] }).times ?? []);
    const p95 = times.sort((one, other) => one - other)[94] ?? Infinity;
    console.log(`key to paint: p50 ${(times[49] ?? 0).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
    expect(times.length).toBeGreaterThan(95);
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(1);
    expect(p95).toBeLessThan(50);
  });

  test("complaint 12: after the wheel was turned up, what is read stays where it is", async () => {
    shown = await opened(long(40));
    const { page } = shown;
    await page.getByRole("link", { name: "A long chat" }).click();
    await page.getByText("Question 19").waitFor();
    await send(page, "tokens 3000 200");
    await page.getByText("word by word").last().waitFor();
    await page.waitForTimeout(800);
    await page.getByTestId("scroller").hover();
    await page.mouse.wheel(0, -300);
    await page.waitForTimeout(300);
    const place = (): Promise<number> =>
      page.evaluate(() => {
        const scroller = document.querySelector('[data-testid="scroller"]')?.getBoundingClientRect();
        const rows = [...document.querySelectorAll(".place")];
        const read = rows.findLast((row) => row.getBoundingClientRect().top < (scroller?.top ?? 0) + 100);
        if (!read) throw new Error("nothing is read");
        (window as { read?: Element }).read ??= read;
        return (window as { read?: Element }).read?.getBoundingClientRect().top ?? NaN;
      });
    const began = await place();
    let furthest = 0;
    for (let index = 0; index < 25; index += 1) {
      await page.waitForTimeout(200);
      furthest = Math.max(furthest, Math.abs((await place()) - began));
    }
    console.log(`moved ${furthest.toFixed(2)} px in 5 s`);
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(1);
    expect(furthest).toBeLessThanOrEqual(2);
    await page.getByRole("button", { name: "To the end" }).click();
    await page.waitForTimeout(700);
    const distance = await page
      .getByTestId("scroller")
      .evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop);
    expect(distance).toBeLessThan(60); // and the end is followed again
    await page.keyboard.press("Escape");
    await answered(page);
  });
});
