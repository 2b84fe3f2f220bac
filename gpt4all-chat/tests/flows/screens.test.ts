import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { exportOf } from "../fake/routes";
import { sample } from "../fake/sample";
import { Store } from "../fake/store";
import { answered, lastAnswer, opened, program, quit, send, violations, type Shown } from "./browser";

const go = (page: Page, hash: string): Promise<string> => page.evaluate((to) => (location.hash = to), hash);

describe.skipIf(!program())("screens", () => {
  let shown: Shown | undefined;
  afterEach(async () => {
    await shown?.close();
    shown = undefined;
  });
  afterAll(quit);

  test("the first run shows the machine, three models that fit, and works without a network", async () => {
    const store = sample();
    store.state.first_run = true;
    store.models = [];
    store.state.default_model = null;
    shown = await opened(store);
    const { page } = shown;
    await page.getByText("Example 9000, cores: 8").waitFor();
    const offered = page.getByRole("article");
    expect(await offered.evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")))).toEqual([
      "Strong Instruct",
      "Middle Instruct",
      "Tiny Instruct",
    ]);
    await page.getByRole("button", { name: "Import a file" }).click();
    await page.getByRole("button", { name: /mine.gguf/ }).click();
    await page.getByText("Ready to use").or(page.getByRole("alert")).first().waitFor();
  });

  test("complaint 13: a download is paused, resumed and taken away; a failure has three remedies", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await go(page, "#/models");
    const failed = page.getByRole("article", { name: "Large Instruct" });
    await failed.getByText("large.gguf needs 11.2 GB of memory").waitFor();
    expect(await failed.getByRole("listitem").count()).toBe(3);
    await page.getByRole("button", { name: "Download 2.5 GB" }).click();
    await page.getByText("Downloading · 120 MB of 400 MB").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused · ").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("Downloading · ").waitFor();
    await page.getByRole("button", { name: "Cancel middle.gguf" }).click();
    await page.getByText("Downloading · ").waitFor({ state: "detached" });
  });

  test("a model's file is imported by dropping it; another file is not", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/models");
    await page.getByRole("heading", { name: "Models" }).waitFor();
    await page.evaluate(() => {
      for (const name of ["notes.txt", "dropped.gguf"]) {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(9 << 20)], name)); // more than one piece
        window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
      }
    });
    await page.getByText("notes.txt is no model's file").waitFor();
    await page.getByRole("article", { name: "dropped.gguf" }).waitFor();
    expect(server.store.models.at(-1)?.size).toBe(9 << 20);
  });

  test("a folder is added, its progress shown, and removed only after a question", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/documents");
    await page.getByRole("button", { name: "Add a folder" }).click();
    await page.getByRole("button", { name: "Documents" }).last().click();
    await page.getByText("Nothing here that can be chosen.").waitFor();
    await page.getByRole("button", { name: "Choose this folder" }).click();
    await page.getByRole("textbox", { name: "Leave out (optional)" }).fill("drafts/\n\n *.log \n");
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(() => server.store.excluded).toEqual(["drafts/", "*.log"]);
    await page.getByText("Reading documents · 3 of 20 · 41 passages/s · 1 min left").waitFor();
    const added = page.getByRole("article", { name: "Documents" });
    await added.getByRole("button", { name: "Pause" }).click();
    await added.getByRole("button", { name: "Resume" }).waitFor();
    await added.getByRole("button", { name: "Rename Documents" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("House & garden");
    await page.keyboard.press("Enter");
    const renamed = page.getByRole("article", { name: "House & garden" });
    await renamed.getByRole("link", { name: "House & garden" }).click();
    await page.getByRole("heading", { name: "House & garden", level: 1 }).waitFor();
    await renamed.getByRole("button", { name: "Rename House & garden" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Documents");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Documents", level: 1, exact: true }).waitFor();
    await expect.poll(() => page.url()).toContain("#/documents/Documents");
    await go(page, "#/documents");
    await added.getByRole("button", { name: "Remove Documents" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(server.store.collections).toHaveLength(2);
    await added.getByRole("button", { name: "Remove Documents" }).click();
    await page.getByTestId("confirm").click();
    await added.waitFor({ state: "detached" });
    expect(server.store.collections).toHaveLength(1);
  });

  test("complaint 3: another model for searching is taken only after what it costs was said", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/documents");
    const choice = page.getByRole("combobox", { name: "Model for searching" });
    await choice.selectOption("nomic-embed-text-v1.5");
    await page.getByText("All 4,211 passages have to be computed anew, in 2 min.").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(server.store.embedding).toBe("all-MiniLM-L6-v2");
    expect(await choice.inputValue()).toBe("all-MiniLM-L6-v2");
    await choice.selectOption("nomic-embed-text-v1.5");
    await page.getByTestId("confirm").click();
    await expect.poll(() => server.store.embedding).toBe("nomic-embed-text-v1.5");
  });

  test("each file that cannot be read says why, and the inspector what is found", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await go(page, "#/documents/Handbook");
    await page.getByRole("combobox", { name: "State of the files" }).selectOption("unreadable");
    await page.getByText("Only pictures of pages, without text").waitFor();
    await page.getByText("Protected by a password").waitFor();
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await page.getByRole("searchbox", { name: "A question" }).fill("reserve pump");
    await page.keyboard.press("Enter");
    await page.getByText("Relevance 0.81, over the threshold of 0.42").waitFor();
    await page.getByText("similarity").first().waitFor();
  });

  test("a reranker is chosen among the models that can rerank, and the inspector shows what it did", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/settings");
    const choice = page.getByRole("combobox", { name: "Reranker" });
    await expect.poll(() => choice.locator("option").allInnerTexts()).toEqual(["None", "Example Reranker"]);
    await choice.selectOption("Example Reranker");
    await expect.poll(() => server.store.settings.values["reranker"]).toBe("reranker.gguf");
    const search = async (): Promise<void> => {
      await go(page, "#/documents/Handbook");
      await page.getByRole("searchbox", { name: "A question" }).fill("reserve pump");
      await page.keyboard.press("Enter");
      await page.getByText("similarity").first().waitFor();
    };
    await search();
    await page.getByText("Reranked: 1 of 2 in the time that there was").waitFor();
    expect(await page.getByRole("term").filter({ hasText: "rerank" }).count()).toBe(2);
    await page.getByText("3.25").waitFor();
    await go(page, "#/settings");
    await page.getByRole("button", { name: /^Back to the default.*: Reranker/ }).click();
    await expect.poll(() => server.store.settings.values["reranker"]).toBeNull();
    await search();
    expect(await page.getByRole("term").filter({ hasText: "rerank" }).count()).toBe(0);
    expect(await page.getByText("Reranked").count()).toBe(0);
  });

  test("a citation opens its page with the passage marked, and leads to the next", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await send(page, "cite something");
    await answered(page);
    const answer = lastAnswer(page);
    await answer.getByText("Searched 20 files, used 2 passages.").waitFor();
    await answer.getByText("Reranked: 12 of 30 in the time that there was").waitFor();
    expect(await answer.getByText("[7]").count()).toBe(1); // what was not offered is no citation
    const began = Date.now();
    await answer.getByRole("button", { name: "Source 1" }).click();
    await page.getByTestId("mark").waitFor();
    expect(Date.now() - began).toBeLessThan(1000);
    await page.getByText("Page 1,734 of 3,000").waitFor();
    expect(await page.locator("nav").evaluate((each) => each.getBoundingClientRect().top)).toBe(0); // and nothing else moved
    const viewer = page.getByRole("complementary", { name: "Source" });
    await viewer.getByRole("button", { name: "Next page" }).click();
    await page.getByText("Page 1,735 of 3,000").waitFor();
    expect(await viewer.getByRole("button", { name: "Previous source" }).isDisabled()).toBe(true);
    await viewer.getByRole("button", { name: "Next source" }).click();
    await viewer.locator("mark").getByText("first Monday of a month").waitFor();
    await page.keyboard.press("Escape");
    await viewer.waitFor({ state: "detached" });
  });

  test("a file that has changed, or is gone, still shows the passage as it was", async () => {
    const store = sample();
    store.changed = true;
    shown = await opened(store);
    const { page } = shown;
    await go(page, "#/chat/pump");
    await page.getByRole("button", { name: "Source 1" }).click();
    await page.getByText("The file has changed since").waitFor();
    expect(await page.locator("blockquote").innerText()).toContain("below 2.1 bar");
    store.missing = true;
    await page.getByRole("button", { name: "Next source" }).click();
    await page.getByText("The file is no longer there").waitFor();
    expect(await page.locator("blockquote").innerText()).toContain("first Monday");
  });

  test("a question that the documents do not answer is said to be one", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await send(page, "unanswerable question");
    await answered(page);
    await lastAnswer(page).getByText("The documents do not seem to answer this.").waitFor();
    expect(await lastAnswer(page).locator(".cite").count()).toBe(0);
  });

  test("a chat is deleted and brought back, renamed, pinned and moved", async () => {
    shown = await opened(sample());
    const { page } = shown;
    const menu = (title: string, entry: string): Promise<void> =>
      page
        .getByRole("button", { name: `Actions for ${title}` })
        .click()
        .then(() => page.getByRole("menuitem", { name: entry, exact: true }).click());
    await menu("A poem about rain", "Delete");
    await page.getByRole("link", { name: "A poem about rain" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("link", { name: "A poem about rain" }).waitFor();
    await menu("A poem about rain", "Rename");
    await page.getByRole("textbox", { name: "Name" }).fill("Rain");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Rain", exact: true }).waitFor();
    await menu("Rain", "Move to Work");
    await page.locator("details").getByRole("link", { name: "Rain", exact: true }).waitFor();
  });

  test("a chat that was deleted is brought back in the settings, when the notice is gone", async () => {
    const store = sample();
    const gone = store.addChat("Deleted last week");
    store.chats.delete(gone.id);
    store.deleted.set(gone.id, gone);
    shown = await opened(store);
    const { page } = shown;
    await go(page, "#/settings");
    await page.getByText("Deleted chats", { exact: true }).click();
    await page.getByRole("button", { name: "Restore Deleted last week" }).click();
    await page.getByRole("link", { name: "Deleted last week" }).waitFor();
    expect(store.deleted.size).toBe(0);
  });

  test("all chats are exported, byte by byte as they come", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await go(page, "#/settings");
    for (const format of ["markdown", "json"]) {
      const saving = page.waitForEvent("download");
      const label = format === "json" ? "JSON" : "Markdown";
      await page.getByRole("button", { name: `Export all chats as ${label}` }).click();
      const saved = await saving;
      expect(saved.suggestedFilename()).toBe(`gpt4all-chats-${format}.zip`);
      expect(readFileSync(await saved.path())).toEqual(exportOf(format));
    }
  });

  test("chats are imported from several files at once", async () => {
    shown = await opened(sample());
    const { page } = shown;
    const files = ["gpt4all-a.chat", "gpt4all-b.chat"].map((name) => ({
      name,
      mimeType: "application/octet-stream",
      buffer: Buffer.from("chat"),
    }));
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Import chats" }).click();
    await (await choosing).setFiles(files);
    await page.getByText("2 chats imported").waitFor();
    for (const { name } of files) await page.getByRole("link", { name: `From ${name}` }).waitFor();
  });

  test("a large file of chats is sent in pieces; what is not taken is said in the page's language", async () => {
    shown = await opened(sample(), { locale: "de-DE" });
    const { page, server } = shown;
    const buffer = Buffer.alloc(20_000_000, "chats");
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Chats importieren" }).click();
    await (await choosing).setFiles({ name: "all.zip", mimeType: "application/zip", buffer });
    await page.getByRole("link", { name: "From all.zip" }).waitFor();
    expect(server.store.come.get("all.zip")?.equals(buffer)).toBe(true);
    await page.getByText("old.json: Dieser Chat ist beschädigt").waitFor();
    await page.getByText("Einzelheiten").click();
    await page.getByText("it has no messages").waitFor();
  });

  test("the words that a search was for are marked in the message that it leads to", async () => {
    const store = new Store();
    const chat = store.addChat("About walls");
    store.addMessage(chat, "user", "What is a wall?");
    store.addMessage(chat, "assistant", "It is **beside** `beside`, and [besides](https://example.org).");
    shown = await opened(store);
    const { page } = shown;
    const marks = (): Promise<string[]> =>
      page.evaluate(() => [...(CSS.highlights.get("found") ?? [])].map((range) => String(range)));
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("Beside");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(marks).toEqual(["beside", "beside", "beside"]);
    await send(page, "say: On we go.");
    await answered(page);
    expect(await marks()).toEqual([]);
  });

  test("search finds words in titles and messages, and leads to them", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search chats" }).fill("heapq");
    await page.getByRole("option").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("merges sorted lists").waitFor();
    expect(page.url()).toContain("#/chat/sorting");
  });

  test("settings say what is a default, and go back to it", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/settings");
    await page.getByRole("combobox", { name: "Theme" }).selectOption("contrast");
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset["theme"])).toBe("contrast");
    expect(server.store.settings.values["theme"]).toBe("contrast");
    await page.getByRole("button", { name: /^Back to the default.*Theme/ }).click();
    await expect.poll(() => server.store.settings.values["theme"]).toBe("system");
  });

  test("settings of a chat, a schema among them, are kept with it; one that is none is refused", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    await go(page, "#/chat/sorting");
    await page.getByText("merges sorted lists").waitFor();
    await page.getByRole("button", { name: "Settings of this chat" }).click();
    await page.getByText("Structured answers, tools, template").click();
    const schema = page.getByRole("textbox", { name: "JSON Schema that answers must satisfy" });
    await schema.fill("{");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("That is no JSON Schema").waitFor();
    await schema.fill('{"type": "object"}');
    await page.getByRole("spinbutton", { name: "Temperature" }).fill("0.2");
    await page.getByRole("textbox", { name: "Name of a preset" }).fill("Exact");
    await page.getByRole("button", { name: "Save as preset" }).click();
    await page.getByRole("button", { name: "Exact", exact: true }).waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(() => server.store.chats.get("sorting")?.settings.sampling?.temperature).toBe(0.2);
    expect(server.store.chats.get("sorting")?.settings.schema).toEqual({ type: "object" });
    expect(server.store.presets).toHaveLength(1);
  });

  test("Arabic is read from right to left, and everything is said in it", async () => {
    const store = sample();
    store.settings.values["language"] = "ar";
    shown = await opened(store);
    const { page } = shown;
    await page.getByText("كل شيء يبقى على هذا الجهاز.").waitFor();
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual([
      "ar",
      "rtl",
    ]);
    const [sidebar, main] = [await page.locator("nav").boundingBox(), await page.locator("main").boundingBox()];
    expect(sidebar?.x).toBeGreaterThan(main?.x ?? Infinity);
    await go(page, "#/chat/sorting");
    const code = page.locator(".code").first();
    await code.waitFor();
    expect(await code.evaluate((each) => getComputedStyle(each).direction)).toBe("ltr");
  });

  test("in German, why a model fits or not is said in German, with its numbers", async () => {
    const store = sample();
    store.settings.values["language"] = "de";
    shown = await opened(store);
    const { page } = shown;
    await go(page, "#/models");
    const failed = page.getByRole("article", { name: "Large Instruct" });
    await failed.getByText("Braucht etwa 11,2 GB Arbeitsspeicher, und dieser Rechner hat 9,4 GB").waitFor();
    expect(await failed.getByRole("listitem").allInnerTexts()).toEqual([
      "Wählen Sie ein kleineres Modell, etwa Strong Instruct.",
      "Verkleinern Sie den Kontext in den Einstellungen.",
      "Close them.", // of a code that this page does not know
    ]);
    await failed.getByText("Für dieses Modell reicht der Speicher nicht.").waitFor();
    const detail = failed.getByText("large.gguf needs 11.2 GB of memory");
    expect(await detail.isVisible()).toBe(false);
    await failed.getByText("Einzelheiten").click();
    expect(await detail.isVisible()).toBe(true);
    const main = page.locator("main");
    await main.getByText("Braucht etwa 520 MB von 9,4 GB").waitFor(); // of the catalogue, which comes later
    expect(await main.innerText()).not.toMatch(/needs about|of the 9/);
  });

  test("a key is shown once, and the diagnostics name no chat", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await go(page, "#/server");
    await page.getByRole("textbox", { name: "What the key is for" }).fill("editor");
    await page.getByRole("button", { name: "Make a key" }).click();
    expect(await page.getByTestId("key").innerText()).toBe("sk-7f3a0123456789");
    await page.reload();
    await page.getByText("sk-7f3a…").waitFor();
    expect(await page.getByText("sk-7f3a0123456789").count()).toBe(0);
    await page.getByRole("button", { name: "Make a report" }).click();
    expect(await page.locator("pre").innerText()).not.toContain("merge sort");
  });

  const SCREENS = [
    "#/chat",
    "#/chat/sorting",
    "#/chat/pump",
    "#/models",
    "#/documents/Handbook",
    "#/settings",
    "#/server",
  ];
  test.each(["light", "dark", "contrast"])("complaint 15: axe finds nothing on any screen, %s", async (theme) => {
    const store = sample();
    store.settings.values["theme"] = theme;
    shown = await opened(store);
    const { page } = shown;
    await page.getByRole("link", { name: "Plan a week in Lisbon" }).waitFor();
    const found: Record<string, string[]> = {};
    for (const screen of SCREENS) {
      await go(page, screen);
      await page.waitForTimeout(400);
      found[screen] = await violations(page);
    }
    await go(page, "#/chat/pump");
    await page.getByRole("button", { name: "Source 1" }).click();
    await page.getByTestId("mark").waitFor();
    found["source"] = await violations(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    found["search"] = await violations(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Settings of this chat" }).click();
    found["chat settings"] = await violations(page);
    store.state.first_run = true;
    await page.goto(shown.server.origin);
    await page.getByText("Strong Instruct").waitFor();
    found["first run"] = await violations(page);
    expect(Object.fromEntries(Object.entries(found).filter(([, wrong]) => wrong.length))).toEqual({});
  });
});
