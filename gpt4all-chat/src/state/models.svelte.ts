import { get, part, post, query, remove } from "../api/client";
import type { CatalogueModel, Download, HubFile, Model } from "../api/types";
import { base64 } from "../chat/files";
import { t } from "../i18n/index.svelte";
import { attempt, ui } from "./ui.svelte";

const BUSY: readonly Download["state"][] = ["queued", "running", "verifying"];
const PIECE = 8 << 20; // bytes of a file sent at once: with a third more in base64, below what a request may have
const POLL_MS = 1_000;

/** Models: those that are here, those that can be had, and those on their way. */
class Models {
  installed = $state.raw<Model[]>([]);
  catalogue = $state.raw<CatalogueModel[]>([]);
  downloads = $state.raw<Download[]>([]);
  hub = $state.raw<HubFile[]>([]);
  loaded = $state(false);
  readonly chat = $derived(this.installed.filter((model) => model.kind === "chat"));
  readonly rerankers = $derived(this.installed.filter((model) => model.kind === "reranker"));
  private timer: ReturnType<typeof setTimeout> | undefined;

  byId(id: string | null | undefined): Model | undefined {
    return this.installed.find((model) => model.id === id);
  }

  async refresh(): Promise<void> {
    [this.installed, this.downloads] = await Promise.all([get<Model[]>("/models"), get<Download[]>("/downloads")]);
    this.loaded = true;
    this.watch();
  }

  async refreshCatalogue(): Promise<void> {
    this.catalogue = await get<CatalogueModel[]>("/models/catalogue");
  }

  /** Asks again while something is on its way: how far it has come is not told otherwise. */
  private watch(): void {
    clearTimeout(this.timer);
    const moving = this.downloads.some(({ state }) => BUSY.includes(state));
    const opening = this.installed.some(({ state }) => state === "opening");
    if (moving || opening) this.timer = setTimeout(() => void this.refresh().catch(() => this.watch()), POLL_MS);
  }

  private async act(work: () => Promise<unknown>): Promise<void> {
    await attempt(async () => {
      await work();
      await this.refresh();
    });
  }

  open = (id: string): Promise<void> => this.act(() => post(`/models/${part(id)}/open`));
  close = (id: string): Promise<void> => this.act(() => post(`/models/${part(id)}/close`));
  download = (model: string): Promise<void> => this.act(() => post("/downloads", { model }));
  fetch = (from: HubFile): Promise<void> =>
    this.act(() => post("/downloads", { repository: from.repository, file: from.file }));
  pause = (id: string): Promise<void> => this.act(() => post(`/downloads/${part(id)}/pause`));
  resume = (id: string): Promise<void> => this.act(() => post(`/downloads/${part(id)}/resume`));
  cancel = (id: string): Promise<void> => this.act(() => remove(`/downloads/${part(id)}`));
  take = (path: string): Promise<void> => this.act(() => post("/models/import", { path }));

  /** Sends a model's file that the page was given, and knows no path of. */
  async send(file: File): Promise<void> {
    await attempt(async () => {
      for (let offset = 0; offset < file.size; offset += PIECE) {
        const data = await base64(file.slice(offset, offset + PIECE));
        await post("/models/upload", { name: file.name, size: file.size, offset, data });
        if (offset % (8 * PIECE) === 0) await this.refresh();
      }
      await this.refresh();
    });
  }

  async search(text: string): Promise<void> {
    await attempt(async () => (this.hub = await get<HubFile[]>(`/models/hub${query({ q: text })}`)));
  }

  async delete(model: Model): Promise<void> {
    const text = t("models.delete_text", { name: model.name });
    const yes = await ui.confirm({ title: t("models.delete"), text, action: t("common.delete"), danger: true });
    if (yes) await this.act(() => remove(`/models/${part(model.id)}`));
  }
}

export const models = new Models();
