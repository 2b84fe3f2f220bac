import { afterAll, afterEach, describe, expect, test } from "vitest";
import { sample } from "../fake/sample";
import { answered, lastAnswer, opened, program, quit, send, type Shown } from "./browser";

describe.skipIf(!program())("keyboard and screen reader", () => {
  let shown: Shown | undefined;
  afterEach(async () => {
    await shown?.close();
    shown = undefined;
  });
  afterAll(quit);

  test("complaint 15: Enter that ends a composition sends nothing, in a real input method's events", async () => {
    shown = await opened(sample());
    const { page, server } = shown;
    const before = server.store.chats.size;
    const message = page.getByRole("textbox", { name: "Message" });
    await message.focus();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
    // What a browser sends for the Enter that chooses a word.
    await devtools.send("Input.dispatchKeyEvent", {
      type: "rawKeyDown",
      key: "Enter",
      code: "Enter",
      windowsVirtualKeyCode: 229,
    });
    await devtools.send("Input.insertText", { text: "日本" });
    await page.waitForTimeout(300);
    expect(await message.inputValue()).toBe("日本");
    expect(server.store.chats.size).toBe(before);
    await page.keyboard.press("Enter");
    await answered(page);
    expect(await lastAnswer(page).innerText()).toContain("You said: 日本");
  });

  test("complaint 15: from a message to its branches, settings and search without a mouse", async () => {
    shown = await opened(sample());
    const { page } = shown;
    const press = (...keys: string[]): Promise<void> =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const tabTo = async (name: string | RegExp): Promise<void> => {
      for (let index = 0; index < 80; index += 1) {
        const found = await page.evaluate(() => {
          const { activeElement: here } = document;
          return here?.getAttribute("aria-label") ?? here?.textContent?.trim() ?? "";
        });
        if (typeof name === "string" ? found === name : name.test(found)) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab does not lead to ${String(name)}`);
    };
    await page.getByText("Everything stays on this machine.").waitFor();
    await page.keyboard.type("hello");
    await press("Enter");
    await answered(page);
    await press("ArrowUp");
    await page.keyboard.type(" again");
    await press("Enter");
    await page.getByText("You said: hello again").waitFor();
    await answered(page);
    await page.getByRole("button", { name: "New chat" }).focus();
    await tabTo("Previous version");
    await press("Enter");
    await page.getByText("You said: hello", { exact: true }).waitFor();
    await press("Control+k");
    await page.keyboard.type("merge");
    await page.getByRole("option").first().waitFor();
    await press("ArrowDown", "ArrowUp", "Escape");
    await page.getByRole("button", { name: "New chat" }).focus();
    await tabTo(/^Actions for Plan a week/);
    await press("Enter");
    await page.getByRole("menuitem", { name: "Rename" }).waitFor();
    await press("ArrowDown", "ArrowDown", "Escape");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(/^Actions for Plan/);
    await press("Control+Shift+o");
    await page.getByText("Everything stays on this machine.").waitFor();
    await page.getByRole("button", { name: "New chat" }).focus();
    await press("?");
    await page.getByText("Edit your last message").waitFor();
  });

  test("whatever has the focus shows it", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await page.getByText("Everything stays on this machine.").waitFor();
    for (let index = 0; index < 25; index += 1) {
      await page.keyboard.press("Tab");
      const visible = await page.evaluate(() => {
        const here = document.activeElement;
        if (!here || here === document.body) return true;
        const { outlineStyle, outlineWidth } = getComputedStyle(here);
        const framed = here.closest(".box")
          ? getComputedStyle(here.closest(".box") as Element).boxShadow !== "none"
          : false;
        return framed || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
      });
      expect(visible).toBe(true);
    }
  });

  test("a reader is told that an answer begins and ends, and none of its tokens", async () => {
    shown = await opened(sample());
    const { page } = shown;
    await page.getByText("Everything stays on this machine.").waitFor();
    await page.evaluate(() => {
      const told: string[] = ((window as { told?: string[] }).told = []);
      const regions = '[aria-live="polite"], [aria-live="assertive"], [role="status"], [role="alert"]';
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const region = element?.closest(regions);
          if (region?.textContent) told.push(region.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await send(page, "tokens 60 100");
    await page.getByText("word by word").first().waitFor();
    await answered(page);
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => (window as { told?: string[] }).told)).toEqual([
      "Answer begins",
      "Answer complete",
    ]);
    expect(await page.getByRole("log").getAttribute("aria-live")).toBe("off");
  });

  test("what is said while a dialog is open is said in it, where it is reached and read out", async () => {
    shown = await opened();
    const { page } = shown;
    await page.getByRole("button", { name: "Settings of this chat" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Keep for this model" }).click();
    await dialog.getByRole("status").getByText("New chats with this model").waitFor();
    await dialog.getByRole("button", { name: "Dismiss" }).click(); // nothing lies over it
    await dialog.getByText("New chats with this model").waitFor({ state: "detached" });
    await dialog.getByRole("button", { name: "Keep for this model" }).click();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("status").getByText("New chats with this model").waitFor();
  });

  test("with less motion asked for, nothing moves", async () => {
    shown = await opened(sample(), { reducedMotion: "reduce" });
    const { page } = shown;
    await send(page, "tokens 400 5");
    await page.getByText("The answer").waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });
});
