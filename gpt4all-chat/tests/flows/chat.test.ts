import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Store } from "../fake/store";
import { answered, lastAnswer, opened, program, quit, send, type Shown } from "./browser";

describe.skipIf(!program())("chat", () => {
  let shown: Shown | undefined;
  afterEach(async () => {
    await shown?.close();
    shown = undefined;
  });
  afterAll(quit);

  test("a message is sent, and its answer shown", async () => {
    shown = await opened();
    const { page, errors } = shown;
    await send(page, "hello");
    await answered(page);
    expect(await lastAnswer(page).innerText()).toContain("You said: hello");
    expect(page.url()).toMatch(/#\/chat\/chat\d+$/); // and the token is in the address no more
    expect(errors).toEqual([]);
  });

  test("the settings of a chat are kept for its model, and taken from there", async () => {
    shown = await opened();
    const { page } = shown;
    const system = page.getByRole("textbox", { name: "System prompt" });
    await page.getByRole("button", { name: "Settings of this chat" }).click();
    await system.fill("Answer in verse.");
    await page.getByRole("button", { name: "Keep for this model" }).click();
    await page.getByText("New chats with this model begin with these settings.").waitFor();
    await system.fill("Answer in prose.");
    await page.getByRole("button", { name: "Take from this model" }).click();
    await expect.poll(() => system.inputValue()).toBe("Answer in verse.");
  });

  test("stop ends an answer at once and keeps what there is", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "tokens 5000 100");
    await page.getByText("word by word").first().waitFor();
    const began = Date.now();
    await page.keyboard.press("Escape");
    await answered(page);
    expect(Date.now() - began).toBeLessThan(1000);
    await lastAnswer(page).getByText("Stopped").waitFor();
    await lastAnswer(page).getByRole("button", { name: "Continue" }).click();
    await page.getByText("And then it went on.").waitFor();
    expect(await lastAnswer(page).innerText()).toContain("word by word");
  });

  test("an answer goes on while the page is loaded again", async () => {
    shown = await opened();
    const { page, server } = shown;
    await send(page, "tokens 120 40");
    await page.getByText("word by word").first().waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await answered(page);
    const [chat] = server.store.chats.values();
    const stored = chat?.messages.at(-1)?.content ?? "";
    expect(stored.match(/\S+/g)?.length).toBeGreaterThan(115);
    expect((await lastAnswer(page).innerText()).match(/word by word/g)).toHaveLength(
      stored.match(/word by word/g)?.length ?? 0,
    );
  });

  test("a lost connection is said, and the answer goes on where it was", async () => {
    shown = await opened();
    const { page, server } = shown;
    await send(page, "tokens 100 40");
    await page.getByText("word by word").first().waitFor();
    await server.stop();
    await page.getByText("Connection lost").waitFor();
    await server.start();
    await answered(page);
    const text = await lastAnswer(page).innerText();
    expect(text.match(/word by word/g)).toHaveLength(5);
  });

  test("the server is killed in the middle, and what it had stored is there when it is back", async () => {
    shown = await opened();
    const { page, server } = shown;
    await send(page, "tokens 5000 40");
    await page.getByText("word by word").first().waitFor();
    await server.stop();
    for (const job of server.store.jobs.values()) job.stop("interrupted");
    server.store.jobs.clear();
    await server.start();
    await lastAnswer(page).getByText("Interrupted").waitFor();
    expect(await lastAnswer(page).innerText()).toContain("word by word");
    await lastAnswer(page).getByRole("button", { name: "Continue" }).waitFor();
  });

  test("the page says that the server is away, and no more when it is back", async () => {
    shown = await opened();
    const { page, server } = shown;
    const away = page.getByText("GPT4All does not answer.");
    await page.getByText("What would you like to know?").waitFor();
    await server.stop();
    await away.waitFor();
    server.store.addChat("Made meanwhile");
    await server.start();
    await away.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Made meanwhile" }).waitFor();
  });

  test("that the server is away is said once, whatever fails meanwhile, and taken back when it answers", async () => {
    shown = await opened();
    const { page } = shown;
    const away = page.getByText("GPT4All does not answer.");
    const noticed = page.getByRole("region", { name: "Notices" }).getByText("GPT4All does not answer.");
    const everything = "**/app/v1/**";
    await page.route(/\/app\/v1\/(?!session|state|settings)/, (route) => route.abort());
    await page.reload(); // what the page begins with fails
    await away.waitFor();
    await page.waitForTimeout(500);
    expect(await away.count()).toBe(1);
    await page.route(everything, (route) => route.abort());
    for (let times = 0; times < 2; times++) await page.keyboard.press("Control+Shift+O");
    await send(page, "hello");
    await noticed.waitFor();
    expect(await noticed.count()).toBe(1);
    await page.unrouteAll();
    await away.first().waitFor({ state: "detached" });
    expect(await away.count()).toBe(0);
  });

  test("two windows show the same chat, and what is sent in one goes on from what was sent in the other", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "from the first");
    await answered(page);
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByText("You said: from the first").waitFor();
    await send(other, "tokens 40 40");
    await page.getByRole("button", { name: "Stop" }).waitFor(); // it is written here, too
    await answered(other);
    await answered(page);
    expect(await lastAnswer(page).innerText()).toContain("word by word");
    await send(page, "from the first again");
    await other.getByText("You said: from the first again").waitFor();
    await answered(page);
    expect(await page.locator('[data-role="user"]').allInnerTexts()).toHaveLength(3);
    expect(await page.getByTestId("branch").count()).toBe(0);
  });

  test("an edit makes a branch, and the arrows lead back", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "first");
    await answered(page);
    await page.keyboard.press("ArrowUp");
    await page.getByRole("textbox", { name: "Edit message" }).fill("second");
    await page.keyboard.press("Enter");
    await page.getByText("You said: second").waitFor();
    await answered(page);
    expect(await page.getByText("You said: first").count()).toBe(0);
    expect(await page.getByTestId("branch").first().innerText()).toBe("2 / 2");
    await page.getByRole("button", { name: "Previous version" }).first().click();
    await page.getByText("You said: first").waitFor();
    await page.reload();
    await page.getByText("You said: first").waitFor();
    await lastAnswer(page).getByRole("button", { name: "Answer again" }).click();
    await answered(page);
    expect(await lastAnswer(page).getByTestId("branch").innerText()).toBe("2 / 2");
  });

  test("the model, its memory and the speed are in sight, while an answer is written and after it", async () => {
    shown = await opened();
    const { page, server } = shown;
    await page.locator(".composer").getByText("1.2 GB").waitFor();
    await send(page, "tokens 200 50");
    await page
      .locator(".composer")
      .getByText(/^[345]\d(\.\d)? tokens\/s$/)
      .waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    const [model] = server.store.models;
    if (model) model.resident_bytes = 1_400_000_000;
    await answered(page);
    await page.locator(".composer").getByText("1.4 GB").waitFor();
    await page.locator(".composer").getByText("tokens/s").waitFor();
  });

  test("reasoning is folded and timed", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "think about it");
    await answered(page);
    const folded = page.getByText(/^Thought for/);
    expect(await page.getByText("I weigh").isVisible()).toBe(false);
    await folded.click();
    expect(await page.getByText("I weigh").isVisible()).toBe(true);
  });

  test("a tool is run only after it was allowed", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "tool please");
    await page.getByText("notes.txt").waitFor();
    await page.getByRole("button", { name: "Allow once" }).click();
    await page.getByText("The file has 42 lines.").waitFor();
  });

  test("what failed says why, and what can be done", async () => {
    shown = await opened();
    const { page } = shown;
    await send(page, "fail");
    await page.getByText("there is not enough memory").first().waitFor();
    await page.getByText("Choose a smaller model").first().waitFor();
  });

  test("complaint 10: what no longer fits is named", async () => {
    const store = new Store();
    const chat = store.addChat("Long");
    store.addMessage(chat, "user", "The first question");
    store.addMessage(chat, "assistant", "x ".repeat(10_000));
    shown = await opened(store);
    const { page } = shown;
    await page.getByRole("link", { name: "Long" }).click();
    await send(page, "and now?");
    await answered(page);
    await page.getByText("2 messages above no longer fit").waitFor({ state: "attached" });
    await page.getByRole("button", { name: /^Context: 3,900 of 4,096/ }).click();
    await page.getByRole("listitem").filter({ hasText: "The first question" }).waitFor();
  });

  test("complaint 10: how much of a message is left out is said, also when it is looked at later", async () => {
    const store = new Store();
    const chat = store.addChat("Long message");
    store.addMessage(chat, "user", "A long text");
    store.addMessage(chat, "assistant", "What I saw of it.").shortened = 12_345;
    shown = await opened(store);
    const { page } = shown;
    await page.getByRole("link", { name: "Long message" }).click();
    await lastAnswer(page).getByText("The message was too long: 12,345 characters in its midst").waitFor();
  });

  test("files are attached by dropping them, and what cannot be read is said", async () => {
    shown = await opened();
    const { page, server } = shown;
    await page.locator(".view").evaluate((view) => {
      const data = new DataTransfer();
      data.items.add(new File(["some notes"], "notes.txt"));
      data.items.add(new File(["MZ"], "bad.exe"));
      view.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    });
    await page.getByText("notes.txt").waitFor();
    await page.getByText("bad.exe is of a kind that cannot be read").waitFor();
    await send(page, "what is in it?");
    await answered(page);
    expect([...server.store.chats.values()][0]?.messages).toHaveLength(2);
  });

  test("a long text that is pasted is attached, also twice, and a short one is not", async () => {
    shown = await opened();
    const { page, errors } = shown;
    const message = page.getByRole("textbox", { name: "Message" });
    const paste = (length: number): Promise<void> =>
      message.evaluate((area, characters) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", "x".repeat(characters));
        area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, length);
    await paste(100);
    await Promise.all([paste(2_000_000), paste(30_000)]);
    await page.getByRole("button", { name: "Remove Pasted text.txt" }).nth(1).waitFor();
    expect(await page.getByRole("button", { name: "Remove Pasted text.txt" }).count()).toBe(2);
    expect(await message.inputValue()).toBe("");
    expect(errors).toEqual([]);
  });

  test("what is begun in one chat stays there, also while another screen is shown", async () => {
    const store = new Store();
    const [one, other] = [store.addChat("One"), store.addChat("Other")];
    shown = await opened(store);
    const { page } = shown;
    const message = page.getByRole("textbox", { name: "Message" });
    await page.getByRole("link", { name: "One" }).click();
    await message.fill("for the first");
    await page.getByRole("link", { name: "Other" }).click();
    await expect.poll(() => message.inputValue()).toBe("");
    await page.getByRole("button", { name: "Models", exact: true }).click();
    await page.getByRole("heading", { name: "Installed" }).waitFor();
    await page.goBack();
    await message.fill("for the other");
    await page.keyboard.press("Enter");
    await answered(page);
    await page.getByRole("link", { name: "One" }).click();
    await expect.poll(() => message.inputValue()).toBe("for the first");
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await page.getByRole("heading", { name: "Appearance" }).waitFor();
    await page.goBack();
    await expect.poll(() => message.inputValue()).toBe("for the first");
    await page.keyboard.press("End");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await answered(page);
    expect(one.messages[0]?.content).toBe("for the first");
    expect(other.messages[0]?.content).toBe("for the other");
    await page.getByRole("button", { name: "New chat" }).click();
    await expect.poll(() => message.inputValue()).toBe("");
  });
});
