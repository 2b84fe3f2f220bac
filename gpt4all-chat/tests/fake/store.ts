import type { ServerResponse } from "node:http";
import type { AppSettings, Chat, ChatFolder, Download, Message, Preset } from "../../src/api/types";
import * as data from "./data";
import { Job, send } from "./jobs";

/** What the server keeps. It outlives a server that is stopped, as a file would. */
export class Store {
  state = structuredClone(data.state);
  models = structuredClone(data.models);
  catalogue = structuredClone(data.catalogue);
  settings: AppSettings = structuredClone(data.settings);
  collections = structuredClone(data.collections);
  modelSettings: Record<string, unknown> = {};
  /** The patterns that the last folder was added with. */
  excluded: unknown = null;
  downloads: Download[] = [];
  presets: Preset[] = [];
  folders: ChatFolder[] = [];
  readonly keys: { id: string; name: string; created: number; prefix: string }[] = [];
  readonly chats = new Map<string, Chat>();
  readonly deleted = new Map<string, Chat>();
  /** Folders that were deleted, with what was in them. */
  readonly removed = new Map<string, { folder: ChatFolder; inside: Chat[] }>();
  /** What came in pieces, by the file's name. */
  readonly come = new Map<string, Buffer>();
  readonly jobs = new Map<string, Job>();
  /** The pages that are told of changes. */
  readonly windows = new Set<ServerResponse>();
  embedding = "all-MiniLM-L6-v2";
  /** Whether the file of the first source was changed, or is gone. */
  changed = false;
  missing = false;
  private last = 0;

  id(prefix: string): string {
    return `${prefix}${++this.last}`;
  }

  tell(type: string, id: string | null): void {
    for (const window of this.windows) send(window, { type, id });
  }

  addChat(title: string, values: Partial<Chat> = {}): Chat {
    const now = Date.now() / 1000;
    const chat: Chat = {
      id: this.id("chat"),
      title,
      folder_id: null,
      pinned: false,
      created: now,
      updated: now,
      model: "small.gguf",
      job: null,
      settings: {},
      leaf: null,
      messages: [],
      ...values,
    };
    this.chats.set(chat.id, chat);
    return chat;
  }

  /** Adds a message below another, and makes it the leaf. */
  addMessage(chat: Chat, role: Message["role"], content: string, parent = chat.leaf): Message {
    const made = data.message(chat.id, role, content, parent);
    chat.messages.push(made);
    chat.leaf = made.id;
    return made;
  }

  find(id: string): { chat: Chat; message: Message } | undefined {
    for (const chat of this.chats.values()) {
      const message = chat.messages.find((each) => each.id === id);
      if (message) return { chat, message };
    }
    return undefined;
  }

  answer(chat: Chat, reply: Message, prompt: string): Job {
    reply.state = "running";
    const job = new Job(this.id("job"), reply, prompt, () => {
      chat.job = null;
      chat.updated = Date.now() / 1000;
      this.tell("chats", chat.id);
    });
    chat.job = job.ended ? null : job.id;
    this.jobs.set(job.id, job);
    this.tell("chats", chat.id);
    return job;
  }
}
