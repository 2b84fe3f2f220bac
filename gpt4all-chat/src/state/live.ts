import { follow } from "../api/events";
import type { Change } from "../api/types";
import { app } from "./app.svelte";
import { chats } from "./chats.svelte";
import { documents } from "./documents.svelte";
import { models } from "./models.svelte";

const REFRESH: Record<Change["type"], () => Promise<unknown>> = {
  chats: () => chats.refresh(),
  models: () => models.refresh(),
  downloads: () => models.refresh(),
  collections: () => (app.state?.documents ? documents.refresh() : Promise.resolve()),
  settings: () => app.refresh(),
};
const TOGETHER_MS = 150;

/** Keeps this window in step with the others, and with what happens by itself. */
export async function stayInStep(signal: AbortSignal): Promise<void> {
  const waiting = new Set<Change["type"]>();
  const refresh = (): void => {
    for (const type of waiting) void REFRESH[type]?.().catch(() => undefined); // the next change asks again
    waiting.clear();
  };
  const take = (event: unknown): boolean => {
    if (waiting.size === 0) setTimeout(refresh, TOGETHER_MS);
    waiting.add((event as Change).type);
    return false;
  };
  const connected = (there: boolean): void => {
    if (there && !app.online) (Object.keys(REFRESH) as Change["type"][]).forEach((type) => take({ type }));
    app.online = there;
  };
  await follow({ path: () => "/events", take, connected, signal });
}
