import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { bounded, ended, PYTHON, started, type App } from "./application";
import { answered, lastAnswer, launched, program, quit, send } from "./browser";

describe.skipIf(!program() || !PYTHON)("the real application", () => {
  let data = "";
  let app: App;
  let page: Page;
  const asked: string[] = [];

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), "gpt4all-chat-"));
    app = await started(data);
    const context = await (await launched()).newContext({ locale: "en-GB" });
    page = await context.newPage();
    asked.length = 0;
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(app.address);
    await bounded(page, app);
  });
  afterEach(async () => {
    await page.context().close();
    await ended(app.process, "SIGTERM");
    rmSync(data, { recursive: true, force: true });
  });
  afterAll(quit);

  /** Leaves the first run, which is there until there is a chat. */
  const begin = (): Promise<void> =>
    page
      .getByRole("button", { name: /^(?:Start chatting|Skip)$/ })
      .first()
      .click();

  test("from the first screen to the first answer in under a minute, without a network", async () => {
    const began = Date.now();
    await begin();
    await send(page, "Say hello.");
    await answered(page);
    expect(Date.now() - began).toBeLessThan(60_000);
    expect((await lastAnswer(page).locator(".markdown").innerText()).length).toBeGreaterThan(2);
    await lastAnswer(page)
      .getByText(/tokens\/s/)
      .waitFor();
    await page.getByRole("button", { name: /^Context: \d/ }).waitFor();
    const { origin } = new URL(app.address);
    expect(asked.filter((url) => !url.startsWith(origin))).toEqual([]);
  });

  test("complaint 2: the program is killed in the middle, and what was written is there when it is back", async () => {
    await begin();
    await send(page, "Tell a long story about the sea, with many chapters.");
    await expect
      .poll(async () => (await lastAnswer(page).innerText()).length, { timeout: 30_000 })
      .toBeGreaterThan(200);
    await page.waitForTimeout(1200);
    await ended(app.process, "SIGKILL");
    await page.getByText("Connection lost").waitFor();
    const port = new URL(app.address).port;
    app = await started(data, port);
    await page.goto(app.address);
    await page.getByRole("link", { name: /Tell a long story/ }).click();
    await lastAnswer(page).getByText("Interrupted").waitFor();
    expect((await lastAnswer(page).innerText()).length).toBeGreaterThan(100);
    await lastAnswer(page).getByRole("button", { name: "Continue" }).waitFor();
  });

  test("complaint 9: stop ends the decoding, and the branches of an edit are kept", async () => {
    await begin();
    await send(page, "Count to a thousand.");
    await lastAnswer(page).locator(".markdown").waitFor();
    const pressed = Date.now();
    await page.keyboard.press("Escape");
    await answered(page);
    expect(Date.now() - pressed).toBeLessThan(1500);
    await page.keyboard.press("ArrowUp");
    await page.getByRole("textbox", { name: "Edit message" }).fill("Say yes.");
    await page.keyboard.press("Enter");
    await page.getByTestId("branch").getByText("2 / 2").waitFor();
    await answered(page);
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("Count to a thousand.", { exact: true }).first().waitFor();
  });

  test("another site is refused, and a page without the session is told so", async () => {
    const { origin } = new URL(app.address);
    const forged = await fetch(`${origin}/app/v1/chats`, { headers: { Origin: "https://evil.test" } });
    expect([401, 403]).toContain(forged.status);
    const context = await (await launched()).newContext();
    const other = await context.newPage();
    await other.goto(origin);
    await other.getByText("This page is not signed in").waitFor();
    await context.close();
  });
});
