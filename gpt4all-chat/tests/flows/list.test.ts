import type { Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { sample } from "../fake/sample";
import { Store } from "../fake/store";
import { answered, opened, program, quit, send, violations, type Shown } from "./browser";

describe.skipIf(!program())("the list of chats", () => {
  let shown: Shown;
  afterEach(async () => {
    expect(shown.errors).toEqual([]);
    await shown.close();
  });
  afterAll(quit);

  const HOUR = 3600;
  const STEP = 1000; // pixels: less than what is drawn, which would be stepped over
  const row = (page: Page, title: string) => page.getByRole("link", { name: title, exact: true });

  function many(chats: number): Store {
    const store = new Store();
    const now = Date.now() / 1000;
    store.folders.push({ id: "work", name: "Work", chats: 0 });
    for (let index = 0; index < chats; index += 1) {
      store.addChat(`Loose ${index}`, { updated: now - index * HOUR });
      store.addChat(`Work ${index}`, { updated: now - index * HOUR, folder_id: "work" });
    }
    return store;
  }

  /** Scrolls down until a chat is there. */
  async function scrollTo(page: Page, title: string): Promise<void> {
    await expect
      .poll(
        async () => {
          await page.locator("[data-list]").evaluate(async (list, step) => {
            list.scrollBy(0, step);
            // What has come near is drawn after the next frame.
            for (let index = 0; index < 3; index += 1) await new Promise(requestAnimationFrame);
          }, STEP);
          return row(page, title).count();
        },
        { timeout: 60_000, interval: 50 },
      )
      .toBe(1);
  }

  test("its end is reached by scrolling, and only what is near is drawn", async () => {
    shown = await opened(many(1200));
    const { page, asked } = shown;
    await row(page, "Loose 0").waitFor();
    expect(await page.locator("details", { hasText: "Work" }).locator("small").innerText()).toBe("1,200");
    await scrollTo(page, "Loose 1199");
    expect(await row(page, "Loose 0").count()).toBe(0);
    expect(await page.locator("nav li").count()).toBeLessThan(200);
    expect(asked.filter((url) => url.includes("place=loose")).length).toBeGreaterThan(10);
    expect(asked.some((url) => url.includes("place=folder"))).toBe(false);
    await row(page, "Loose 1199").click();
    await send(page, "say: It moves up.");
    await answered(page);
    await page.locator("[data-list]").evaluate((list) => list.scrollTo(0, 0));
    await expect.poll(() => page.locator("section li").first().innerText()).toContain("Loose 1199");
    expect(await violations(page)).toEqual([]);
  });

  test("a folder fetches what is in it when it is opened; a chat in it opens it", async () => {
    const store = many(300);
    shown = await opened(store);
    const { page, asked } = shown;
    await page.locator("summary", { hasText: "Work" }).click();
    await row(page, "Work 0").waitFor();
    expect(asked.filter((url) => url.includes("place=folder")).length).toBeGreaterThan(0);
    await scrollTo(page, "Work 299");
    const last = [...store.chats.values()].find(({ title }) => title === "Work 299");
    await page.evaluate((id) => (location.hash = `#/chat/${id}`), last?.id);
    await page.getByRole("heading", { name: "Work 299" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Work 299" }).waitFor();
    await row(page, "Work 0").waitFor(); // as its folder is open
  });

  test("another window changes one chat, and deletes one: each is one row", async () => {
    const store = many(200);
    shown = await opened(store);
    const { page, asked } = shown;
    await row(page, "Loose 1").waitFor();
    const [first, second] = ["Loose 0", "Loose 1"].map((title) =>
      [...store.chats.values()].find((chat) => chat.title === title),
    );
    if (!first || !second) throw new Error("they are there");
    asked.length = 0;
    first.title = "Renamed";
    store.tell("chats", first.id);
    await row(page, "Renamed").waitFor();
    store.chats.delete(second.id);
    store.tell("chats", second.id);
    await expect.poll(() => row(page, "Loose 1").count()).toBe(0);
    expect(asked.filter((url) => /\/chats\?/.test(url))).toEqual([]);
    shown.errors.length = 0; // the browser tells of the 404 that was the answer
  });

  test("the deletion of a folder can be undone, with what was in it", async () => {
    shown = await opened(sample());
    const { page } = shown;
    const work = page.locator("details", { hasText: "Work" });
    await work.hover();
    await page.getByRole("button", { name: "Actions for the folder Work" }).click();
    await page.getByRole("menuitem", { name: "Remove the folder, keep its chats" }).click();
    await page.getByText("Folder deleted: Work").waitFor();
    expect(await work.count()).toBe(0);
    await row(page, "Release notes").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await work.waitFor();
    expect(await work.locator("small").innerText()).toBe("1");
    await expect.poll(() => row(page, "Release notes").count()).toBe(0); // in the folder, which is closed
  });
});
