import { SvelteMap } from "svelte/reactivity";
import { ApiError, get, part, patch, post, query, remove } from "../api/client";
import type { Chat, ChatFolder, ChatSummary } from "../api/types";
import { t } from "../i18n/index.svelte";
import { router } from "./router.svelte";
import { attempt, ui } from "./ui.svelte";

const PAGE = 100; // rows that are fetched when the end of what is there comes near
const LONGEST_PAGE = 500; // that the server gives

/** The chats in the sidebar: of each place in the list the newest, and more when these have been scrolled through. */
class Chats {
  list = $state.raw<ChatSummary[]>([]);
  folders = $state.raw<ChatFolder[]>([]);
  loaded = $state(false);
  /** Where the next page of each place begins, behind its last chat; null: there is none. */
  private readonly ends = new SvelteMap<Place, Age | null>();
  /** What is asked, one after the other: an older answer never comes after a newer one. */
  private asked: Promise<unknown> = Promise.resolve();

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.asked.then(work);
    this.asked = done.catch(() => undefined);
    return done;
  }

  byId(id: string | null | undefined): ChatSummary | undefined {
    return this.list.find((chat) => chat.id === id);
  }

  at(place: Place): ChatSummary[] {
    return this.list.filter((chat) => isAt(chat, place));
  }

  /** Whether the server has more of a place than was asked for. */
  hasMore(place: Place): boolean {
    return this.ends.get(place) !== null;
  }

  /** Fetches everything again that is shown: as many chats of each place as were there. */
  refresh(): Promise<void> {
    return this.inTurn(async () => {
      const places = new Set<Place>(["pinned", "loose", ...this.ends.keys()]);
      const known = new Map([...places].map((place) => [place, this.at(place).length]));
      await this.count();
      const there = new Set(this.folders.map(({ id }) => `${FOLDER}${id}`));
      let list: ChatSummary[] = [];
      this.ends.clear();
      for (const [place, number] of known) {
        if (place.startsWith(FOLDER) && !there.has(place)) continue;
        const found: ChatSummary[] = [];
        do found.push(...(await this.page(place, Math.max(PAGE, number - found.length))));
        while (found.length < number && this.hasMore(place));
        list = [...list, ...found];
      }
      this.list = [...new Map(list.map((chat) => [chat.id, chat])).values()];
      this.loaded = true;
    });
  }

  /** Fetches the next chats of a place. */
  more(place: Place): Promise<void> {
    return this.inTurn(async () => {
      if (!this.hasMore(place)) return;
      const found = await this.page(place, PAGE);
      const known = new Set(this.list.map(({ id }) => id));
      this.list = [...this.list, ...found.filter(({ id }) => !known.has(id))];
    });
  }

  private async page(place: Place, number: number): Promise<ChatSummary[]> {
    const end = this.ends.get(place);
    const limit = Math.min(number, LONGEST_PAGE);
    const found = await get<ChatSummary[]>(
      `/chats${query({ place, before: end?.updated, before_id: end?.id, limit })}`,
    );
    this.ends.set(place, (found.length === limit && found.at(-1)) || null);
    return found;
  }

  /** Fetches one chat that has changed, or is new, or is gone. */
  touch(id: string): Promise<void> {
    return this.inTurn(async () => {
      const before = this.byId(id);
      let now: ChatSummary | undefined;
      try {
        now = await get<ChatSummary>(`/chats/${part(id)}/summary`);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
      this.put(id, now);
      const moved = before?.folder_id !== now?.folder_id || before?.pinned !== now?.pinned;
      if (moved) await this.count();
    });
  }

  /** Fetches the folders, each with how many chats are in it. */
  private async count(): Promise<void> {
    this.folders = await get<ChatFolder[]>("/chat-folders");
  }

  /** One that is older than what was fetched of its place comes with the others of its age. */
  private put(id: string, now: ChatSummary | undefined): void {
    const rest = this.list.filter((chat) => chat.id !== id);
    const end = now && this.ends.get(placeOf(now));
    const shown = now && end !== undefined && (end === null || newer(now, end));
    this.list = shown ? [now, ...rest] : rest;
  }

  async change(id: string, values: Partial<Pick<Chat, "title" | "pinned" | "folder_id">>): Promise<boolean> {
    this.list = this.list.map((chat) => (chat.id === id ? { ...chat, ...values } : chat));
    const done = await attempt(() => patch(`/chats/${part(id)}`, values).then(() => true));
    await attempt(async () => {
      await this.touch(id); // as it is now, or as it was
      if ("pinned" in values || "folder_id" in values) await this.inTurn(() => this.count());
    });
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
      await this.touch(id);
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

  async removeFolder({ id, name }: ChatFolder): Promise<void> {
    await attempt(async () => {
      await remove(`/chat-folders/${part(id)}`);
      await this.refresh();
      ui.say(t("sidebar.folder_deleted", { name }), {
        label: t("common.undo"),
        run: () => void this.restoreFolder(id),
      });
    });
  }

  private async restoreFolder(id: string): Promise<void> {
    await attempt(async () => {
      await post(`/chat-folders/${part(id)}/restore`);
      await this.refresh();
    });
  }

  async renameFolder(id: string, name: string): Promise<void> {
    this.folders = this.folders.map((folder) => (folder.id === id ? { ...folder, name } : folder));
    await attempt(() => patch(`/chat-folders/${part(id)}`, { name }));
  }
}

/** Where in the list a chat is: "loose" are those by their dates. What is pinned is so wherever else it is. */
export type Place = "pinned" | "loose" | `folder:${string}`;

const FOLDER = "folder:";

export const chats = new Chats();

function valuesAt(place: Place): Partial<Pick<Chat, "pinned" | "folder_id">> {
  if (place === "pinned") return { pinned: true };
  return { pinned: false, folder_id: place === "loose" ? null : place.slice(FOLDER.length) };
}

function placeOf({ pinned, folder_id }: ChatSummary): Place {
  if (pinned) return "pinned";
  return folder_id === null ? "loose" : `${FOLDER}${folder_id}`;
}

export const isAt = (chat: ChatSummary, place: Place): boolean => placeOf(chat) === place;

type Age = Pick<ChatSummary, "updated" | "id">;

/** Whether one comes before another, in the order of the server's pages. */
const newer = (one: Age, other: Age): boolean =>
  one.updated > other.updated || (one.updated === other.updated && one.id > other.id);

/** The newest first. */
export const byAge = (list: readonly ChatSummary[]): ChatSummary[] =>
  [...list].sort((one, other) => (newer(one, other) ? -1 : 1));

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
  for (const chat of byAge(list)) {
    const key = dateKey(chat.updated, midnight) ?? month.format(chat.updated * 1000);
    const group = groups.get(key);
    if (group) group.push(chat);
    else groups.set(key, [chat]);
  }
  return [...groups].map(([key, chats]) => ({ key, chats }));
}

function dateKey(time: number, midnight: number): string | null {
  if (time >= midnight) return "today";
  if (time >= midnight - DAY) return "yesterday";
  if (time >= midnight - 7 * DAY) return "week";
  return time >= midnight - 30 * DAY ? "month" : null;
}
