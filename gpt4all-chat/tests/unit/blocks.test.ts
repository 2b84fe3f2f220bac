import { expect, test } from "vitest";
import { Blocks } from "../../src/markdown/blocks";

const SAMPLE = `# Title

A paragraph
of two lines.

- one

  still one
- two

\`\`\`python
a = 1

b = 2
\`\`\`
after

$$
x

y
$$

| a | b |
|---|---|
| 1 | 2 |

end`;

test("blocks are cut where nothing is joined", () => {
  expect(new Blocks(SAMPLE).all.map((block) => block.trimEnd())).toEqual([
    "# Title",
    "A paragraph\nof two lines.",
    "- one\n\n  still one\n- two",
    "```python\na = 1\n\nb = 2\n```",
    "after",
    "$$\nx\n\ny\n$$",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "end",
  ]);
});

test("it does not matter in which pieces a text comes", () => {
  const whole = new Blocks(SAMPLE).all;
  for (const size of [1, 2, 3, 7, 50]) {
    const blocks = new Blocks();
    for (let at = 0; at < SAMPLE.length; at += size) blocks.append(SAMPLE.slice(at, at + size));
    expect(blocks.all).toEqual(whole);
  }
});

test("what is closed never changes", () => {
  const blocks = new Blocks();
  let before: string[] = [];
  for (const character of SAMPLE) {
    blocks.append(character);
    expect(blocks.closed.slice(0, before.length)).toEqual(before);
    before = [...blocks.closed];
  }
});

test("a fence ends only with as many marks, and one within a list stays there", () => {
  expect(new Blocks("````\n```\n\n````\nx").all).toEqual(["````\n```\n\n````", "x"]);
  expect(new Blocks("- a\n\n  ```\n  b\n\n  c\n  ```\n- d").all).toHaveLength(1);
});
