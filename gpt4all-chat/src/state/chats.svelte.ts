import { get, part, patch, post, remove } from "../api/client";
import type { Chat, ChatFolder, ChatSummary } from "../api/types";
import { t } from "../i18n/index.svelte";
import { router } from "./router.svelte";
import { attempt, ui } from "./ui.svelte";

/** The chats in the sidebar. */
class Chats {
  list = $state.raw<ChatSummary[]>([]);
  folders = $state.raw<ChatFolder[]>([]);
  loaded = $state(false);

  async refresh(): Promise<void> {
    [this.list, this.folders] = await Promise.all([get<ChatSummary[]>("/chats"), get<ChatFolder[]>("/chat-folders")]);
    this.loaded = true;
  }

  async change(id: string, values: Partial<Pick<Chat, "title" | "pinned" | "folder_id">>): Promise<boolean> {
    this.list = this.list.map((chat) => (chat.id === id ? { ...chat, ...values } : chat));
    const done = await attempt(() => patch(`/chats/${part(id)}`, values).then(() => true));
    if (!done) await attempt(() => this.refresh()); // as it was
    return done ?? false;
  }

  /** Puts a chat elsewhere in the list, which can be undone. */
  async move(chat: ChatSummary, place: Place): Promise<void> {
    const { id, folder_id, pinned } = chat;
    if (!(await this.change(id, valuesAt(place)))) return;
    ui.say(t("sidebar.moved", { title: chat.title || t("chat.new") }), {
      label: t("common.undo"),
      run: () => void this.change(id, { folder_id, pinned }),
    });
  }

  async remove(chat: ChatSummary): Promise<void> {
    await attempt(async () => {
      await remove(`/chats/${part(chat.id)}`);
      this.list = this.list.filter((each) => each.id !== chat.id);
      if (router.route.id === chat.id) router.go("chat");
      ui.say(t("sidebar.deleted", { title: chat.title }), {
        label: t("common.undo"),
        run: () => void this.restore(chat.id),
      });
    });
  }

  async restore(id: string): Promise<void> {
    await attempt(async () => {
      await post(`/chats/${part(id)}/restore`);
      await this.refresh();
      router.go("chat", id);
    });
  }

  async addFolder(name: string, chat?: string): Promise<void> {
    await attempt(async () => {
      const folder = await post<ChatFolder>("/chat-folders", { name });
      this.folders = [...this.folders, folder];
      if (chat) await this.change(chat, { folder_id: folder.id });
    });
  }

  async removeFolder(id: string): Promise<void> {
    await attempt(async () => {
      await remove(`/chat-folders/${part(id)}`);
      await this.refresh();
    });
  }

  async renameFolder(id: string, name: string): Promise<void> {
    this.folders = this.folders.map((folder) => (folder.id === id ? { ...folder, name } : folder));
    await attempt(() => patch(`/chat-folders/${part(id)}`, { name }));
  }
}

export const chats = new Chats();

/** Where in the list a chat is: "loose" are those by their dates. What is pinned is so wherever else it is. */
export type Place = "pinned" | "loose" | `folder:${string}`;

const FOLDER = "folder:";

function valuesAt(place: Place): Partial<Pick<Chat, "pinned" | "folder_id">> {
  if (place === "pinned") return { pinned: true };
  return { pinned: false, folder_id: place === "loose" ? null : place.slice(FOLDER.length) };
}

export function isAt(chat: ChatSummary, place: Place): boolean {
  if (chat.pinned) return place === "pinned";
  return place === (chat.folder_id === null ? "loose" : `${FOLDER}${chat.folder_id}`);
}

export interface Group {
  key: string;
  chats: ChatSummary[];
}

const DAY = 86_400;

/** Chats by when they were used last; `now` and the times are seconds, midnight is where the day begins here. */
export function byDate(list: readonly ChatSummary[], now: number, locale: string): Group[] {
  const midnight = new Date(now * 1000).setHours(0, 0, 0, 0) / 1000;
  const month = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
  const groups = new Map<string, ChatSummary[]>();
  for (const chat of [...list].sort((one, other) => other.updated - one.updated)) {
    const key = dateKey(chat.updated, midnight) ?? month.format(chat.updated * 1000);
    groups.set(key, [...(groups.get(key) ?? []), chat]);
  }
  return [...groups].map(([key, chats]) => ({ key, chats }));
}

function dateKey(time: number, midnight: number): string | null {
  if (time >= midnight) return "today";
  if (time >= midnight - DAY) return "yesterday";
  if (time >= midnight - 7 * DAY) return "week";
  return time >= midnight - 30 * DAY ? "month" : null;
}
