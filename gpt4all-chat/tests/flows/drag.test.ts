import type { Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Chat } from "../../src/api/types";
import { sample } from "../fake/sample";
import { opened, program, quit, violations, type Shown } from "./browser";

interface Point {
  x: number;
  y: number;
}

describe.skipIf(!program())("chats are dragged", () => {
  let shown: Shown;
  afterEach(async () => {
    expect(shown.errors).toEqual([]);
    await shown.close();
  });
  afterAll(quit);

  const row = (page: Page, title: string) => page.getByRole("link", { name: title, exact: true });
  const work = (page: Page) => page.locator("details", { hasText: "Work" });
  const group = (page: Page, name: string) => page.locator("section", { has: page.getByRole("heading", { name }) });
  const over = (page: Page) => page.locator("[data-place].over");

  async function middle(place: { boundingBox: () => Promise<(Point & { width: number; height: number }) | null> }) {
    const box = await place.boundingBox();
    if (!box) throw new Error("it is not shown");
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  const chat = (title: string): Chat => {
    const found = [...shown.server.store.chats.values()].find((each) => each.title === title);
    if (!found) throw new Error(`there is no chat ${title}`);
    return found;
  };
  const where = (title: string): [string | null, boolean] => [chat(title).folder_id, chat(title).pinned];

  /** Takes a chat with the mouse, and holds it over a place. */
  async function hold(page: Page, title: string, place: Parameters<typeof middle>[0]): Promise<void> {
    const from = await middle(row(page, title));
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 10, from.y + 3);
    const to = await middle(place); // by now: places that were empty appear
    await page.mouse.move(to.x, to.y, { steps: 5 });
  }

  test("into a folder, with the mouse; the folder is marked meanwhile, and it can be undone", async () => {
    shown = await opened(sample());
    const { page } = shown;
    const before = page.url();
    await hold(page, "A poem about rain", work(page).locator("summary"));
    await expect
      .poll(() => over(page).evaluateAll((all) => all.map((each) => each.dataset["place"])))
      .toEqual(["folder:work"]);
    expect(await page.locator(".ghost").innerText()).toBe("A poem about rain");
    expect(await violations(page)).toEqual([]);
    await page.mouse.up();
    await expect.poll(() => where("A poem about rain")).toEqual(["work", false]);
    expect(page.url()).toBe(before); // that was no click
    expect(await over(page).count()).toBe(0);
    await page.getByText("Moved: A poem about rain").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => where("A poem about rain")).toEqual([null, false]);
    await group(page, "Previous 7 days").getByRole("link", { name: "A poem about rain" }).waitFor();
  });

  test("out of a folder, to any of the dates; and to what is pinned, and from there", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await work(page).locator("summary").click();
    await hold(page, "Release notes", row(page, "Sourdough that rises"));
    await expect.poll(() => over(page).count()).toBeGreaterThan(1); // all dates are one place
    await page.mouse.up();
    await expect.poll(() => where("Release notes")).toEqual([null, false]);
    await hold(page, "Release notes", row(page, "Plan a week in Lisbon"));
    await page.mouse.up();
    await expect.poll(() => where("Release notes")).toEqual([null, true]);
    await group(page, "Pinned").getByRole("link", { name: "Release notes" }).waitFor();
    for (const title of ["Release notes", "Plan a week in Lisbon"]) {
      await hold(page, title, work(page).locator("summary"));
      await page.mouse.up();
      await expect.poll(() => where(title)).toEqual(["work", false]);
    }
    await group(page, "Pinned").waitFor({ state: "detached" });
    await hold(page, "Plan a week in Lisbon", group(page, "Pinned")); // it shows while something is dragged
    await page.mouse.up();
    await expect.poll(() => where("Plan a week in Lisbon")).toEqual(["work", true]);
  });

  test("out of a folder where nothing else is without one", async () => {
    const store = sample();
    for (const each of store.chats.values()) if (!each.pinned) each.folder_id = "work";
    shown = await opened(store);
    const { page } = shown;
    await work(page).locator("summary").click();
    await hold(page, "Release notes", group(page, "In no folder"));
    await expect.poll(() => over(page).count()).toBe(1);
    await page.mouse.up();
    await expect.poll(() => where("Release notes")).toEqual([null, false]);
  });

  test("nowhere, where they are already, and after Escape", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    let changes = 0;
    page.on("request", (request) => (changes += request.method() === "PATCH" ? 1 : 0));
    await hold(page, "A poem about rain", row(page, "Regular expressions"));
    expect(await over(page).count()).toBe(0);
    await page.mouse.up();
    await hold(page, "A poem about rain", page.locator("main"));
    await page.mouse.up();
    await hold(page, "A poem about rain", work(page).locator("summary"));
    await expect.poll(() => over(page).count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await over(page).count()).toBe(0);
    await page.mouse.up();
    expect(await page.locator(".ghost").count()).toBe(0);
    expect(changes).toBe(0);
    expect(where("A poem about rain")).toEqual([null, false]);
    await row(page, "A poem about rain").click(); // a click is one, as it was
    await expect.poll(() => page.url()).toContain(chat("A poem about rain").id);
    expect(server.store.folders).toHaveLength(1);
  });

  test("a move that is refused is taken back, and said", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await page.route("**/app/v1/chats/*", (route) =>
      route.request().method() === "PATCH"
        ? route.fulfill({ status: 507, json: { error: { message: "the disk is full", remedies: [] } } })
        : route.continue(),
    );
    await hold(page, "A poem about rain", work(page).locator("summary"));
    await page.mouse.up();
    await page.getByRole("alert").getByText("the disk is full").waitFor();
    await group(page, "Previous 7 days").getByRole("link", { name: "A poem about rain" }).waitFor();
    expect(await page.getByText("Moved:").count()).toBe(0);
    shown.errors.length = 0; // the browser tells of the answer's status
  });

  test("with a finger that rests before it moves; one that does not scrolls the list", async () => {
    const store = sample();
    for (let count = 0; count < 40; count += 1) store.addChat(`Chat ${count}`, { updated: Date.now() / 1000 - 9e7 });
    shown = await opened(store, { hasTouch: true });
    const { page } = shown;
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: Point[]): Promise<unknown> =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints });
    const slide = async (from: Point, to: Point): Promise<void> => {
      for (let step = 1; step <= 8; step += 1) {
        const part = step / 8;
        await touch("touchMove", { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part });
      }
    };

    const from = await middle(row(page, "Sourdough that rises"));
    await touch("touchStart", from);
    await page.locator(".ghost").waitFor(); // once it has rested
    const to = await middle(work(page).locator("summary"));
    await slide(from, to);
    await expect.poll(() => over(page).count()).toBe(1);
    await touch("touchEnd");
    await expect.poll(() => where("Sourdough that rises")).toEqual(["work", false]);

    const scrolled = (): Promise<number> => page.locator("[data-list]").evaluate((list) => list.scrollTop);
    expect(await scrolled()).toBe(0);
    const low = await middle(row(page, "A poem about rain"));
    await touch("touchStart", low);
    await slide(low, { x: low.x, y: low.y - 150 });
    expect(await page.locator(".ghost").count()).toBe(0);
    await touch("touchEnd");
    await expect.poll(scrolled).toBeGreaterThan(50);
    expect(where("A poem about rain")).toEqual([null, false]);
  });

  test("a list that is longer than the window scrolls where a chat is held at its end", async () => {
    const store = sample();
    for (let count = 0; count < 40; count += 1) store.addChat(`Chat ${count}`, { updated: Date.now() / 1000 - 9e7 });
    shown = await opened(store);
    const { page } = shown;
    await hold(page, "A poem about rain", page.locator(".screens"));
    const box = await page.locator("[data-list]").boundingBox();
    await page.mouse.move((box?.x ?? 0) + 50, (box?.y ?? 0) + (box?.height ?? 0) - 10);
    await expect.poll(() => page.locator("[data-list]").evaluate((list) => list.scrollTop)).toBeGreaterThan(100);
    await page.keyboard.press("Escape");
    await page.mouse.up();
  });
});
