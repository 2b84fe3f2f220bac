import { get, part, patch, post, remove } from "../api/client";
import type { Collection } from "../api/types";
import { t } from "../i18n/index.svelte";
import { attempt, ui } from "./ui.svelte";

const POLL_MS = 1_000;

/** The collections of documents. */
class Documents {
  collections = $state.raw<Collection[]>([]);
  loaded = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;

  byName(name: string | null): Collection | undefined {
    return this.collections.find((collection) => collection.name === name);
  }

  async refresh(): Promise<void> {
    this.collections = await get<Collection[]>("/collections");
    this.loaded = true;
    clearTimeout(this.timer);
    if (this.collections.some(({ indexing: { state } }) => state === "running" || state === "waiting")) {
      this.timer = setTimeout(() => void this.refresh().catch(() => undefined), POLL_MS);
    }
  }

  private async act(work: () => Promise<unknown>): Promise<boolean> {
    const done = await attempt(async () => {
      await work();
      await this.refresh();
      return true;
    });
    return done ?? false;
  }

  add = (name: string, folder: string, exclude: string[]): Promise<boolean> =>
    this.act(() => post("/collections", { name, folder, exclude }));
  steer = (name: string, what: "index" | "pause" | "resume"): Promise<boolean> =>
    this.act(() => post(`/collections/${part(name)}/${what}`));

  rename = (name: string, to: string): Promise<boolean> =>
    this.act(() => patch(`/collections/${part(name)}`, { name: to }));

  async remove(name: string): Promise<boolean> {
    const text = t("documents.remove_text", { name });
    const yes = await ui.confirm({ title: t("documents.remove"), text, action: t("common.remove"), danger: true });
    return yes && this.act(() => remove(`/collections/${part(name)}`));
  }
}

export const documents = new Documents();
