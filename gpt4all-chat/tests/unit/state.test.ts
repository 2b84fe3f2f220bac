import { expect, test } from "vitest";
import { EventParser } from "../../src/api/events";
import { sends } from "../../src/chat/keys";
import { parseSchema } from "../../src/chat/settings";
import { kindOf, grouped } from "../../src/settings/groups";
import { marked } from "../../src/sidebar/marked";
import { byDate } from "../../src/state/chats.svelte";
import { parseRoute } from "../../src/state/router.svelte";
import { branches, leafBelow, pathTo } from "../../src/state/tree";
import { message } from "../fake/data";

test("events are read however they are cut", () => {
  const text = 'id: 1\r\ndata: {"a": "ü"}\r\n\r\n: a comment\n\ndata: {"b":\ndata: 2}\n\n';
  for (const size of [1, 2, 5, 100]) {
    const parser = new EventParser();
    const found: string[] = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
    expect(found).toEqual(['{"a": "ü"}', '{"b":\n2}']);
  }
});

const pressed = {
  key: "Enter",
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  isComposing: false,
  keyCode: 13,
};

test("complaint 15: Enter never sends while a word is composed", () => {
  expect(sends(pressed)).toBe(true);
  expect(sends({ ...pressed, isComposing: true })).toBe(false);
  expect(sends({ ...pressed, keyCode: 229 })).toBe(false);
  expect(sends({ ...pressed, isComposing: true, ctrlKey: true }, false)).toBe(false);
  expect(sends({ ...pressed, shiftKey: true })).toBe(false);
  expect(sends(pressed, false)).toBe(false);
  expect(sends({ ...pressed, ctrlKey: true }, false)).toBe(true);
});

test("a chat is a tree, and what is shown a path of it", () => {
  const first = message("c", "user", "first", null);
  const answer = message("c", "assistant", "answer", first.id);
  const other = message("c", "assistant", "other", first.id);
  const next = message("c", "user", "next", answer.id);
  const all = new Map([first, answer, other, next].map((each) => [each.id, each]));
  expect(pathTo(all, next.id)).toEqual([first, answer, next]);
  expect(leafBelow(all, answer.id)).toBe(next.id);
  expect(leafBelow(all, first.id)).toBe(other.id);
  expect(branches(all, pathTo(all, other.id)).get(other.id)).toEqual({ ids: [answer.id, other.id], index: 1 });
  expect(pathTo(new Map([[first.id, { ...first, parent: first.id }]]), first.id)).toHaveLength(1); // a ring ends
});

test("chats are grouped by when they were used", () => {
  const now = new Date(2026, 10, 29, 15).getTime() / 1000;
  const at = (hours: number) => ({ ...chat, id: String(hours), updated: now - hours * 3600 });
  const chat = { id: "", title: "", folder_id: null, pinned: false, created: 0, updated: 0, model: null, job: null };
  const groups = byDate([at(24 * 200), at(1), at(20), at(24 * 5), at(24 * 20), at(2)], now, "en");
  expect(groups.map((group) => [group.key, group.chats.map((each) => each.id)])).toEqual([
    ["today", ["1", "2"]],
    ["yesterday", ["20"]],
    ["week", ["120"]],
    ["month", ["480"]],
    ["May 2026", ["4800"]],
  ]);
});

test("marks outside a text or over each other are no harm", () => {
  const text = (marks: number[][]): string =>
    marked("abcdef", marks)
      .map((piece) => (piece.marked ? piece.text.toUpperCase() : piece.text))
      .join("");
  expect(text([[1, 3]])).toBe("aBCdef");
  expect(
    text([
      [4, 99],
      [0, 2],
      [1, 3],
    ]),
  ).toBe("ABCdEF");
  expect(text([[5, 2]])).toBe("abcdef");
});

test("routes are read from the fragment", () => {
  expect(parseRoute("#/chat/a%2Fb")).toEqual({ screen: "chat", id: "a/b" });
  expect(parseRoute("#/models")).toEqual({ screen: "models", id: null });
  expect(parseRoute("#/elsewhere/x").screen).toBe("chat");
  expect(parseRoute("#/chat/%E0%A4%A")).toEqual({ screen: "chat", id: null }); // an address that was cut off
});

test("settings of a chat are read as they were typed", () => {
  expect(parseSchema(' {"type": "object"} ')).toEqual({ schema: { type: "object" } });
  expect(parseSchema("  ")).toEqual({ schema: null });
  expect(parseSchema("[1]")).toHaveProperty("wrong");
  expect(parseSchema("{")).toHaveProperty("wrong");
});

test("settings are shown by group, what is advanced apart", () => {
  const [group] = grouped({ a: { group: "g" }, b: { group: "g", advanced: true } });
  expect(group).toEqual({
    name: "g",
    simple: [["a", { group: "g" }]],
    advanced: [["b", { group: "g", advanced: true }]],
  });
  expect(kindOf({ anyOf: [{ type: "integer" }, { type: "null" }] })).toEqual({ kind: "integer", optional: true });
  expect(kindOf({ type: "array" })).toEqual({ kind: "strings", optional: false });
});
