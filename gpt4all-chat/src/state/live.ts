import { follow } from "../api/events";
import type { Change } from "../api/types";
import { app } from "./app.svelte";
import { chats } from "./chats.svelte";
import { conversation } from "./conversation.svelte";
import { documents } from "./documents.svelte";
import { models } from "./models.svelte";
import { ui } from "./ui.svelte";

const REFRESH: Record<Change["type"], () => Promise<unknown>> = {
  chats: () => chats.refresh(), // of which it is not known which
  models: () => models.refresh(),
  downloads: () => models.refresh(),
  collections: () => (app.state?.documents ? documents.refresh() : Promise.resolve()),
  settings: () => app.refresh(),
};
const TOGETHER_MS = 150;
const FEW = 10; // chats that are fetched one by one

/** Keeps this window in step with the others, and with what happens by itself. */
export async function stayInStep(signal: AbortSignal): Promise<void> {
  const waiting = new Set<Change["type"]>();
  const touched = new Set<string | null>(); // chats; null: any
  const refresh = (): void => {
    const few = !touched.has(null) && touched.size <= FEW;
    const asked = [...waiting].flatMap((type) =>
      type === "chats" && few ? [...touched].map((id) => chats.touch(id ?? "")) : [REFRESH[type]?.()],
    );
    for (const each of asked) void each?.catch(() => undefined); // the next change asks again
    const { chat } = conversation;
    if (chat && (touched.has(chat.id) || touched.has(null))) void conversation.catchUp();
    waiting.clear();
    touched.clear();
  };
  const take = (event: unknown): boolean => {
    const { type, id } = event as Change;
    if (waiting.size === 0) setTimeout(refresh, TOGETHER_MS);
    waiting.add(type);
    if (type === "chats") touched.add(id ?? null);
    return false;
  };
  let before = false;
  const connected = (there: boolean): void => {
    // What has changed while nothing was heard is not known.
    if (there && (before || !app.online))
      (Object.keys(REFRESH) as Change["type"][]).forEach((type) => take({ type, id: null }));
    if (there) ui.back();
    before ||= there;
    app.online = there;
  };
  await follow({ path: () => "/events", take, connected, signal });
}
