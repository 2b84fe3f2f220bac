import type { ServerResponse } from "node:http";
import type {
  Chat,
  ChatFolder,
  ChatSummary,
  CollectionFile,
  Download,
  EmbeddingModel,
  Inspection,
  Message,
  SearchHit,
} from "../../src/api/types";
import { evidence, fits } from "./data";
import { json } from "./server";
import type { Store } from "./store";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedies: string[] = [],
  ) {
    super(message);
  }
}

interface Asked {
  store: Store;
  id: string;
  more: string;
  url: URL;
  body: Record<string, unknown>;
  response: ServerResponse;
}
type Route = [string, RegExp, (asked: Asked) => unknown];

/** A page of a book, as far as it can be told from one. */
function drawn(page: string): string {
  const line = (index: number): string => {
    const width = index % 7 === 6 ? 180 : 415;
    return `<rect x="90" y="${90 + index * 21}" width="${width}" height="8" fill="#c9c9c4"/>`;
  };
  const lines = Array.from({ length: 32 }, (_, index) => line(index)).join("");
  const number = `<text x="297" y="815" font-size="14" text-anchor="middle">${page}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 595 842"><rect width="595" height="842" fill="#fff"/>${lines}${number}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
/** Bytes that are no text, as those of a zip are. */
export const exportOf = (format: string | null): Buffer => Buffer.from([0x50, 0x4b, 0xff, 0xfe, (format ?? "").length]);
const STREAM = Symbol("the answer goes on");

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Refused(404, "not_found", "there is no such thing");
  return value;
}

function summary({ settings: _settings, leaf: _leaf, messages: _messages, ...rest }: Chat): ChatSummary {
  return rest;
}

/** A page of the list of chats. */
function listed({ store, url }: Asked): ChatSummary[] {
  const [place, before, id] = ["place", "before", "before_id"].map((name) => url.searchParams.get(name));
  const all = [...store.chats.values()]
    .filter((chat) => !place || place === placeOf(chat))
    .sort((one, other) => other.updated - one.updated || (one.id < other.id ? 1 : -1))
    .filter((chat) => !before || chat.updated < Number(before) || (chat.updated === Number(before) && chat.id < id!));
  return all.slice(0, Number(url.searchParams.get("limit") ?? 100)).map(summary);
}

function placeOf({ pinned, folder_id }: Chat): string {
  return pinned ? "pinned" : folder_id ? `folder:${folder_id}` : "loose";
}

function counted(store: Store, folder: ChatFolder): ChatFolder {
  const inside = [...store.chats.values()].filter((chat) => placeOf(chat) === `folder:${folder.id}`);
  return { ...folder, chats: inside.length };
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.flushHeaders();
}

function post({ store, id, body }: Asked): unknown {
  const chat = found(store.chats.get(id));
  if (chat.job) throw new Refused(409, "busy", "an answer is being written in this chat");
  const content = String(body["content"]);
  const user = store.addMessage(chat, "user", content, body["parent"] as string | null);
  chat.title ||= content.slice(0, 40);
  const reply = store.addMessage(chat, "assistant", "");
  const told = { user, reply: { ...reply, state: "running" } };
  return { ...told, job: store.answer(chat, reply, content).id };
}

function prompt(chat: Chat, message: Message): string {
  return chat.messages.find((each) => each.id === message.parent)?.content ?? "";
}

function again({ store, id }: Asked): unknown {
  const { chat, message } = found(store.find(id));
  const reply = store.addMessage(chat, "assistant", "", message.parent);
  return { reply: { ...reply }, job: store.answer(chat, reply, prompt(chat, message)).id };
}

function search({ store, url }: Asked): SearchHit[] {
  const wanted = (url.searchParams.get("q") ?? "").toLowerCase();
  const hits: SearchHit[] = [];
  for (const { id, title, updated, messages } of store.chats.values()) {
    for (const [message_id, text] of [[null, title] as const, ...messages.map((m) => [m.id, m.content] as const)]) {
      const at = text.toLowerCase().indexOf(wanted);
      if (at < 0) continue;
      const from = Math.max(0, at - 20);
      const marks = [[at - from, at - from + wanted.length]];
      hits.push({ chat_id: id, title, message_id, snippet: text.slice(from, at + 80), marks, updated });
    }
  }
  return hits;
}

function files({ url }: Asked): { total: number; files: CollectionFile[] } {
  const all = Array.from({ length: 20 }, (_, index): CollectionFile => {
    const bad = index > 17;
    const reason = bad ? (index === 18 ? "scanned" : "encrypted") : null;
    const message = bad ? "it has 12 pages, none of them with text" : null;
    const state = bad ? "unreadable" : "ready";
    return {
      id: `f${index + 1}`,
      path: `chapter-${index + 1}.pdf`,
      size: 120_000 * (index + 1),
      state,
      reason,
      message,
      pages: 12,
    };
  });
  const [state, q] = [url.searchParams.get("state"), url.searchParams.get("q") ?? ""];
  const kept = all.filter((file) => (!state || file.state === state) && file.path.includes(q));
  return { total: kept.length, files: kept };
}

function download(store: Store, name: string): Download {
  const total = 400_000_000;
  const made: Download = {
    id: store.id("d"),
    name,
    state: "running",
    received: 120_000_000,
    total,
    bytes_per_second: 11_500_000,
    seconds_left: 25,
    error: null,
  };
  store.downloads.push(made);
  return made;
}

function embedding({ embedding: model }: Store): EmbeddingModel {
  const estimate = { files: 18, chunks: 4_211, seconds: 95 };
  return { model, choices: ["all-MiniLM-L6-v2", "nomic-embed-text-v1.5"], estimate };
}

/** With a reranker, which scores the first passage and has no time for the second. */
function inspected(store: Store): Inspection {
  const reranks = Boolean(store.settings.values["reranker"]);
  const passages = evidence.map((each, index) => ({
    ...each,
    scores: each.scores && { ...each.scores, rerank: reranks && index === 0 ? 3.25 : null },
  }));
  return {
    passages,
    answerable: true,
    relevance: 0.81,
    threshold: 0.42,
    whole: false,
    files: 18,
    chunks: 4_211,
    seconds: 0.023,
    reranking: reranks ? { candidates: 2, done: 1, seconds: 0.4 } : null,
  };
}

const ID = "([^/]+)";
const route = (method: string, path: string, run: Route[2]): Route => [method, new RegExp(`^${path}$`), run];

const ROUTES: Route[] = [
  route("GET", "/state", ({ store }) => store.state),
  route("GET", "/settings", ({ store }) => store.settings),
  route("PATCH", "/settings", ({ store, body }) => Object.assign(store.settings.values, body)),
  route("DELETE", `/settings/${ID}`, ({ store, id }) => {
    store.settings.values[id] = store.settings.defaults[id] ?? null;
  }),
  route("DELETE", "/data", ({ store }) => store.chats.clear()),
  route("GET", "/presets", ({ store }) => store.presets),
  route("POST", "/presets", ({ store, body }) => {
    const made = { id: store.id("p"), name: String(body["name"]), settings: body["settings"] ?? {} };
    store.presets.push(made);
    return made;
  }),
  route("DELETE", `/presets/${ID}`, ({ store, id }) => {
    store.presets = store.presets.filter((preset) => preset.id !== id);
  }),
  route("GET", `/models/${ID}/settings`, ({ store, id }) => store.modelSettings[id] ?? {}),
  route("PUT", `/models/${ID}/settings`, ({ store, id, body }) => (store.modelSettings[id] = body)),
  route("GET", "/chats", listed),
  route("GET", "/deleted-chats", ({ store }) => [...store.deleted.values()].map(summary)),
  route("GET", `/chats/${ID}/summary`, ({ store, id }) => summary(found(store.chats.get(id)))),
  route("POST", "/chats", ({ store, body }) => store.addChat("", body as Partial<Chat>)),
  route("GET", `/chats/${ID}`, ({ store, id }) => found(store.chats.get(id))),
  route("PATCH", `/chats/${ID}`, ({ store, id, body }) => {
    const chat = Object.assign(found(store.chats.get(id)), body);
    store.tell("chats", id);
    return chat;
  }),
  route("DELETE", `/chats/${ID}`, ({ store, id }) => {
    store.deleted.set(id, found(store.chats.get(id)));
    store.chats.delete(id);
  }),
  route("POST", `/chats/${ID}/restore`, ({ store, id }) => {
    store.chats.set(id, found(store.deleted.get(id)));
    store.deleted.delete(id);
  }),
  route("POST", `/chats/${ID}/messages`, post),
  route("GET", `/chats/${ID}/context`, ({ store, id }) => {
    const chat = found(store.chats.get(id));
    const over = chat.messages.reduce((sum, message) => sum + message.content.length / 4, 0) > 4_000;
    const dropped = over ? chat.messages.slice(0, 2).map((message) => message.id) : [];
    return { used: over ? 3_900 : 420, limit: 4_096, reserved: 512, evidence: 0, dropped };
  }),
  route("GET", `/chats/${ID}/export`, ({ store, id }) => found(store.chats.get(id))),
  route("GET", "/export", ({ url, response }) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream" });
    response.end(exportOf(url.searchParams.get("format")));
    return STREAM;
  }),
  route("GET", "/chat-folders", ({ store }) => store.folders.map((folder) => counted(store, folder))),
  route("POST", "/chat-folders", ({ store, body }) => {
    const made = { id: store.id("folder"), name: String(body["name"]), chats: 0 };
    store.folders.push(made);
    return made;
  }),
  route("PATCH", `/chat-folders/${ID}`, ({ store, id, body }) =>
    Object.assign(found(store.folders.find((folder) => folder.id === id)), body),
  ),
  route("DELETE", `/chat-folders/${ID}`, ({ store, id }) => {
    const inside = [...store.chats.values()].filter((chat) => chat.folder_id === id);
    store.removed.set(id, { folder: found(store.folders.find((folder) => folder.id === id)), inside });
    store.folders = store.folders.filter((folder) => folder.id !== id);
    for (const chat of inside) chat.folder_id = null;
  }),
  route("POST", `/chat-folders/${ID}/restore`, ({ store, id }) => {
    const { folder, inside } = found(store.removed.get(id));
    store.folders.push(folder);
    for (const chat of inside) chat.folder_id = id;
    return counted(store, folder);
  }),
  route("POST", `/messages/${ID}/regenerate`, again),
  route("POST", `/messages/${ID}/continue`, ({ store, id }) => {
    const { chat, message } = found(store.find(id));
    const reply = { ...message, state: "running" };
    return { reply, job: store.answer(chat, message, "say:  And then it went on.").id };
  }),
  route("POST", `/messages/${ID}/tool-calls/${ID}/decision`, ({ store, id, body }) => {
    for (const job of store.jobs.values()) if (job.message.id === id) job.decide(body["approve"] === true);
  }),
  route("GET", `/jobs/${ID}/events`, ({ store, id, url, response }) => {
    const job = found(store.jobs.get(id));
    stream(response);
    job.listen(response, Number(url.searchParams.get("from") ?? 0));
    return STREAM;
  }),
  route("POST", `/jobs/${ID}/stop`, ({ store, id }) => found(store.jobs.get(id)).stop()),
  route("GET", "/events", ({ store, response }) => {
    stream(response); // nothing is sent before something changes
    store.windows.add(response);
    response.on("close", () => store.windows.delete(response));
    return STREAM;
  }),
  route("GET", "/search", search),
  route("POST", "/import", ({ store, body }) => ({
    chats: [store.addChat(`From ${String(body["name"])}`).id],
    skipped: [],
  })),
  route("POST", "/import/pieces", ({ store, body }) => {
    const name = String(body["name"]);
    const before = body["id"] === name ? (store.come.get(name) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    if (before.length !== body["offset"]) throw new Refused(409, "wrong_offset", "that is not what comes next");
    const come = Buffer.concat([before, Buffer.from(String(body["data"]), "base64")]);
    store.come.set(name, come);
    const skipped = [{ name: "old.json", reason: "it has no messages", code: "chat_damaged" }];
    const imported = come.length === body["size"] ? { chats: [store.addChat(`From ${name}`).id], skipped } : null;
    return { id: name, received: come.length, imported };
  }),
  route("POST", "/attachments", ({ store, body }) => {
    const size = Buffer.from(String(body["data"]), "base64").length;
    const name = String(body["name"]);
    if (name.endsWith(".exe")) throw new Refused(415, "unsupported", `${name} is of a kind that cannot be read`);
    return { id: store.id("a"), name, kind: "text", size, characters: size, pages: null, tokens: Math.ceil(size / 4) };
  }),
  route("GET", "/models", ({ store }) => store.models),
  route("GET", "/models/catalogue", ({ store }) => store.catalogue),
  route("GET", "/models/hub", () => [
    {
      model: "example/Instruct-GGUF/instruct-Q4_K_M.gguf",
      repository: "example/Instruct-GGUF",
      file: "instruct-Q4_K_M.gguf",
      size: 2_100_000_000,
      downloads: 12_345,
      fit: fits("good", 2_700_000_000),
    },
  ]),
  route("POST", `/models/${ID}/open`, ({ store, id }) => {
    found(store.models.find((model) => model.id === id)).state = "open";
  }),
  route("POST", `/models/${ID}/close`, ({ store, id }) => {
    found(store.models.find((model) => model.id === id)).state = "closed";
  }),
  route("DELETE", `/models/${ID}`, ({ store, id }) => {
    store.models = store.models.filter((model) => model.id !== id);
  }),
  route("POST", "/models/upload", ({ store, body }) => {
    const [name, size] = [String(body["name"]), Number(body["size"])];
    const come = Number(body["offset"]) + Buffer.from(String(body["data"]), "base64").length;
    if (come === size)
      store.models.push({ ...found(store.models[0]), id: name, name, file: name, size, state: "closed" });
    return {};
  }),
  route("POST", "/models/import", ({ store, body }) => {
    const name = String(body["path"]).split("/").at(-1) ?? "";
    const like = found(store.models[0]);
    store.models.push({ ...like, id: name, name, file: name, state: "closed" });
    return {};
  }),
  route("GET", "/downloads", ({ store }) => store.downloads),
  route("POST", "/downloads", ({ store, body }) => download(store, String(body["model"] ?? body["file"]))),
  route("POST", `/downloads/${ID}/pause`, ({ store, id }) => {
    found(store.downloads.find((each) => each.id === id)).state = "paused";
  }),
  route("POST", `/downloads/${ID}/resume`, ({ store, id }) => {
    found(store.downloads.find((each) => each.id === id)).state = "running";
  }),
  route("DELETE", `/downloads/${ID}`, ({ store, id }) => {
    store.downloads = store.downloads.filter((each) => each.id !== id);
  }),
  route("GET", "/browse", ({ url }) => {
    const path = url.searchParams.get("path") ?? "/home/ada";
    const parent = path === "/home/ada" ? null : "/home/ada";
    const inside = [
      { name: "Documents", path: "/home/ada/Documents", folder: true, size: null },
      { name: "mine.gguf", path: "/home/ada/mine.gguf", folder: false, size: 700_000_000 },
    ];
    return { path, parent, roots: ["/home/ada"], entries: parent ? [] : inside };
  }),
  route("GET", "/collections", ({ store }) => store.collections),
  route("POST", "/collections", ({ store, body }) => {
    const like = found(store.collections[0]);
    const indexing = {
      ...like.indexing,
      state: "running",
      done: 3,
      total: 20,
      chunks_per_second: 41,
      seconds_left: 75,
    };
    const states = { ready: 3, pending: 17, unreadable: 0, missing: 0 };
    const made = { ...like, name: String(body["name"]), folders: [String(body["folder"])], states };
    store.excluded = body["exclude"];
    store.collections.push({ ...made, indexing: { ...indexing, state: "running", file: "chapter-4.pdf" } });
    return made;
  }),
  route("PATCH", `/collections/${ID}`, ({ store, id, body }) =>
    Object.assign(found(store.collections.find((each) => each.name === id)), body),
  ),
  route("DELETE", `/collections/${ID}`, ({ store, id }) => {
    store.collections = store.collections.filter((each) => each.name !== id);
  }),
  route("POST", `/collections/${ID}/(index|pause|resume)`, ({ store, id, more }) => {
    const { indexing } = found(store.collections.find((each) => each.name === id));
    indexing.state = more === "pause" ? "paused" : "running";
  }),
  route("GET", `/collections/${ID}/files`, files),
  route("GET", "/tools", () => [{ name: "read_file", description: "Reads a file of the notes." }]),
  route("GET", "/documents/model", ({ store }) => embedding(store)),
  route("PUT", "/documents/model", ({ store, body }) => {
    if (body["confirmed"] !== true) throw new Refused(409, "confirmation_needed", "confirm that");
    store.embedding = String(body["model"]);
    return embedding(store);
  }),
  route("POST", "/documents/search", ({ store }) => inspected(store)),
  route("GET", `/documents/files/${ID}`, ({ store, id }) => {
    const source = found(evidence.find((each) => each.file_id === id));
    const { path, title } = source;
    const pages = source.pages ? 3_000 : null;
    const format = source.pages ? "pdf" : "md";
    return { id, path, title, pages, format, changed: store.changed, missing: store.missing };
  }),
  route("GET", `/documents/files/${ID}/pages/${ID}`, ({ more }) => ({
    width: 595,
    height: 842,
    image: drawn(more),
    marks: more === "1734" ? [[0.15, 0.42, 0.7, 0.03]] : [],
  })),
  route("GET", `/documents/files/${ID}/text`, ({ id }) => {
    const { start, text } = found(evidence.find((each) => each.file_id === id));
    const before = "Notes.".padEnd(start, " ");
    return {
      start: 0,
      end: start + text.length + 6,
      text: `${before}${text} 🙂 End`,
      total: 80,
      current: true,
      blocks: [],
    };
  }),
  route("POST", `/documents/files/${ID}/reveal`, () => undefined),
  route("GET", "/server", ({ store, url }) => ({
    addresses: [`${url.origin}/v1`],
    keys: store.keys,
    requests: [{ time: Date.now() / 1000, method: "POST", path: "/v1/chat/completions", status: 200, ms: 812 }],
  })),
  route("POST", "/server/keys", ({ store, body }) => {
    const made = { id: store.id("k"), name: String(body["name"]), created: Date.now() / 1000, prefix: "sk-7f3a" };
    store.keys.push(made);
    return { ...made, key: "sk-7f3a0123456789" };
  }),
  route("DELETE", `/server/keys/${ID}`, ({ store, id }) => {
    store.keys.splice(
      store.keys.findIndex((key) => key.id === id),
      1,
    );
  }),
  route("GET", "/diagnostics", () => ({ text: "GPT4All 3.0.0\nProcessor: Example 9000, 8 cores\nModels: 3\n" })),
];

export async function routes(
  store: Store,
  method: string,
  url: URL,
  text: string,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname.slice("/app/v1".length);
  for (const [verb, pattern, run] of ROUTES) {
    const match = verb === method ? pattern.exec(path) : null;
    if (!match) continue;
    const [id = "", more = ""] = match.slice(1).map(decodeURIComponent);
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const answer = await run({ store, id, more, url, body, response });
    if (answer !== STREAM) json(response, 200, answer ?? null);
    return;
  }
  throw new Refused(404, "not_found", `${method} ${path} is not part of the API`);
}
