import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { bounded, ended, PYTHON, started, type App } from "./application";
import { answered, lastAnswer, launched, program, quit, send } from "./browser";
import { pdf } from "./pdf";

const FACT = "The lighthouse at Varnholm was painted violet in 1871.";

describe.skipIf(!program() || !PYTHON)("documents of the real application", () => {
  let home = "";
  let app: App;
  let page: Page;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "gpt4all-home-"));
    const folder = join(home, "Papers");
    mkdirSync(folder);
    // As much on each as a passage has, so that none goes over many pages.
    const sheet = (number: number): string[] =>
      Array.from(
        { length: 24 },
        (_, index) => `Line ${index} of sheet ${number} tells of tides, ropes, sails and weather.`,
      );
    const pages = Array.from({ length: 4 }, (_, index) => sheet(index + 1));
    pages[2]?.splice(12, 1, FACT);
    writeFileSync(join(folder, "coast.pdf"), pdf(pages.map((lines) => lines.join("\n"))));
    writeFileSync(join(folder, "notes.md"), "# Gardens\n\nThe quince hedge is cut in February.\n");
    writeFileSync(join(folder, "broken.pdf"), "%PDF-1.4 and then nothing");
    const cache = process.env["GPT4ALL_CACHE"] ?? join(homedir(), ".cache", "gpt4all");
    app = await started(join(home, "data"), "0", { HOME: home, GPT4ALL_CACHE: cache });
    page = await (await (await launched()).newContext({ locale: "en-GB" })).newPage();
    await page.goto(app.address);
    await bounded(page, app);
    await page
      .getByRole("button", { name: /^(?:Start chatting|Skip)$/ })
      .first()
      .click();
  });
  afterEach(async () => {
    await page.context().close();
    await ended(app.process, "SIGTERM");
    rmSync(home, { recursive: true, force: true });
  });
  afterAll(quit);

  test("complaint 4: a folder is added, searched, and the page opened with the passage marked; then it changes", async () => {
    await page.getByRole("button", { name: "Documents", exact: true }).click();
    await page.getByRole("button", { name: "Add a folder" }).click();
    await page.getByRole("button", { name: "Papers" }).click();
    await page.getByRole("button", { name: "Choose this folder" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("2 of 3 ready").waitFor({ timeout: 45_000 });
    await page.getByRole("link", { name: "Papers" }).click();
    await page.getByText("broken.pdf").waitFor();
    await page.getByText("Unreadable", { exact: true }).last().waitFor();

    await page.getByRole("searchbox", { name: "A question" }).fill("What colour was the lighthouse at Varnholm?");
    await page.keyboard.press("Enter");
    const passage = page.getByRole("listitem").filter({ hasText: "violet" }).first();
    await passage.waitFor();
    await passage.getByRole("button").click();
    const viewer = page.getByRole("complementary", { name: "Source" });
    await viewer.getByText("Page 3 of 4").waitFor();
    const mark = viewer.getByTestId("mark").first();
    await mark.waitFor();
    expect((await mark.boundingBox())?.width).toBeGreaterThan(50);
    const began = Date.now();
    await viewer.getByRole("button", { name: "Next page" }).click();
    await viewer.getByText("Page 4 of 4").waitFor();
    await viewer.getByRole("img").waitFor();
    expect(Date.now() - began).toBeLessThan(1000);

    writeFileSync(join(home, "Papers", "coast.pdf"), pdf(["Something else altogether."]));
    await page.keyboard.press("Escape");
    await passage.getByRole("button").click();
    await viewer.getByText("The file has changed since").waitFor();
    await viewer.getByText(FACT).first().waitFor();
    await page.keyboard.press("Escape");
    unlinkSync(join(home, "Papers", "coast.pdf"));
    await passage.getByRole("button").click();
    await viewer.getByText(/no longer/).waitFor();
  });

  test("complaint 1: an answer says how many files were searched", async () => {
    await page.evaluate(
      async (folder) => {
        const body = JSON.stringify({ name: "Papers", folder, exclude: [] });
        await fetch("/app/v1/collections", { method: "POST", body, headers: { "Content-Type": "application/json" } });
      },
      join(home, "Papers"),
    );
    await page.getByRole("button", { name: "Documents", exact: true }).click();
    await page.getByText("2 of 3 ready").waitFor({ timeout: 45_000 });
    await page.getByRole("button", { name: "New chat" }).click();
    await page.getByRole("button", { name: "No documents" }).click();
    await page.getByRole("checkbox", { name: /Papers/ }).check();
    await page.keyboard.press("Escape");
    await send(page, "What colour was the lighthouse at Varnholm painted?");
    await lastAnswer(page)
      .getByText(/^(?:Searched|Read) 2 files/)
      .waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await answered(page);
  });
});
