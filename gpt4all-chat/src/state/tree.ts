import type { Message } from "../api/types";

/** A chat's messages are a tree: an edit or another answer is a sibling. What is shown is the path to one leaf. */

export function children(messages: Iterable<Message>, parent: string | null): Message[] {
  return [...messages].filter((message) => message.parent === parent).sort(older);
}

const older = (one: Message, other: Message): number => one.created - other.created || (one.id < other.id ? -1 : 1);

/** From the first message to a leaf. */
export function pathTo(messages: ReadonlyMap<string, Message>, leaf: string | null): Message[] {
  const path: Message[] = [];
  const seen = new Set<string>();
  for (let id = leaf; id !== null && !seen.has(id);) {
    const message = messages.get(id);
    if (!message) break;
    seen.add(id);
    path.unshift(message);
    id = message.parent;
  }
  return path;
}

/** The newest leaf below a message. */
export function leafBelow(messages: ReadonlyMap<string, Message>, from: string): string {
  const last = new Map<string, Message>();
  for (const message of messages.values()) {
    if (message.parent === null) continue;
    const known = last.get(message.parent);
    if (!known || older(known, message) < 0) last.set(message.parent, message);
  }
  let id = from;
  for (let next = last.get(id); next; next = last.get(id)) id = next.id;
  return id;
}

export interface Branches {
  ids: string[];
  index: number;
}

/** For each message on a path that has siblings, which they are. */
export function branches(messages: ReadonlyMap<string, Message>, path: readonly Message[]): Map<string, Branches> {
  const families = new Map<string | null, Message[]>();
  for (const message of messages.values()) {
    const family = families.get(message.parent);
    if (family) family.push(message);
    else families.set(message.parent, [message]);
  }
  const found = new Map<string, Branches>();
  for (const { id, parent } of path) {
    const family = families.get(parent) ?? [];
    if (family.length < 2) continue;
    const ids = family.sort(older).map((message) => message.id);
    found.set(id, { ids, index: ids.indexOf(id) });
  }
  return found;
}
