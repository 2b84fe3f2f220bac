import { expect, test } from "vitest";
import { places } from "../../src/chat/found";

const marked = (text: string, query: string): string[] =>
  places(text, query).map(([start, end]) => text.slice(start, end));

test("words are found as the server finds them", () => {
  expect(marked("A Sort sorts; resort", "sort")).toEqual(["Sort", "sort"]);
  expect(marked("A Sort sorts; resort", "sort a")).toEqual(["Sort", "sort", "A"]);
  expect(marked("Crème brûlée, cre\u0300me", "creme")).toEqual(["Crème", "cre\u0300me"]);
  expect(marked("🙂 Über über_x", "ÜBER")).toEqual(["Über", "über"]);
  expect(marked("東京都と京都", "京都")).toEqual(["京都", "京都"]);
  expect(marked("nothing of it", "  ?! ")).toEqual([]);
  expect(marked("İstanbul x", "x")).toEqual(["x"]); // a letter that becomes two
});
