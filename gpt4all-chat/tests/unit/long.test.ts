import { expect, test } from "vitest";
import { LONG, directionOf } from "../../src/chat/direction";
import { pieces } from "../../src/chat/pieces";

test("a text is cut where a line or a word ends, and never inside of a character", () => {
  expect(pieces("short", 10)).toEqual(["short"]);
  expect(pieces("one\ntwo three four", 10)).toEqual(["one", "two three ", "four"]);
  expect(pieces("abcdefghijkl", 5)).toEqual(["abcde", "fghij", "kl"]);
  for (const text of ["🙂".repeat(50), "a" + "🙂".repeat(50)]) {
    const cut = pieces(text, 7);
    expect(cut.join("")).toBe(text);
    expect(cut.every((piece) => piece.length <= 7 && !/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(piece))).toBe(true);
  }
  expect(pieces("🙂🙂", 1).join("")).toBe("🙂🙂"); // it ends
});

test("the first letter of a long text decides its direction", () => {
  expect(directionOf("שלום")).toBe("auto");
  expect(directionOf(`1. ${"word ".repeat(LONG)}`)).toBe("ltr");
  expect(directionOf(`1. ${"שלום ".repeat(LONG)}`)).toBe("rtl");
  expect(directionOf(`“${"مرحبا ".repeat(LONG)}`)).toBe("rtl");
  expect(directionOf("1".repeat(LONG + 1))).toBe("ltr");
});
