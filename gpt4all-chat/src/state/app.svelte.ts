import { ApiError, get, patch, post, remove } from "../api/client";
import type { AppSettings, SettingValue, State } from "../api/types";
import { LANGUAGES, closest, setLanguage } from "../i18n/index.svelte";
import { sentence } from "./ui.svelte";

export type Phase = "starting" | "ready" | "locked" | "failed";
export const THEMES = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

const TOKEN = /^#token=([\w.-]+)$/;

/** The application as a whole: whether it may be used, and how it is set. */
class App {
  phase = $state<Phase>("starting");
  reason = $state("");
  state = $state.raw<State | null>(null);
  settings = $state.raw<AppSettings | null>(null);
  wizard = $state(false);
  online = $state(true);

  get sendsWithEnter(): boolean {
    return this.value("send_with_enter") !== false;
  }

  async start(): Promise<void> {
    this.show();
    await setLanguage(closest([localStorage.getItem("language"), ...navigator.languages]));
    try {
      await this.enter();
      [this.state, this.settings] = await Promise.all([get<State>("/state"), get<AppSettings>("/settings")]);
      this.wizard = this.state.first_run;
      await this.apply();
      this.phase = "ready";
    } catch (error) {
      const locked = error instanceof ApiError && error.status === 401;
      this.reason = sentence(error);
      this.phase = locked ? "locked" : "failed";
    }
  }

  /** Changes the token in the address, which works once, for a cookie; nobody sees it afterwards. */
  private async enter(): Promise<void> {
    const token = TOKEN.exec(location.hash)?.[1];
    if (!token) return;
    history.replaceState(null, "", location.pathname);
    try {
      await post("/session", { token });
    } catch (error) {
      // Used up: the address was opened a second time, in a browser that has the cookie already.
      if (!(error instanceof ApiError && error.status >= 400 && error.status < 500)) throw error;
    }
  }

  async refresh(): Promise<void> {
    [this.state, this.settings] = await Promise.all([get<State>("/state"), get<AppSettings>("/settings")]);
    await this.apply();
  }

  value(key: string): SettingValue {
    const kept = this.settings?.values[key];
    return kept === undefined ? localStorage.getItem(key) : kept;
  }

  async set(key: string, value: SettingValue): Promise<void> {
    if (this.settings && key in this.settings.values) {
      this.settings = { ...this.settings, values: { ...this.settings.values, [key]: value } };
      await patch("/settings", { [key]: value });
    }
    await this.apply({ [key]: value });
  }

  async reset(key: string): Promise<void> {
    await remove(`/settings/${encodeURIComponent(key)}`);
    await this.refresh();
  }

  /** How the page looks, kept in the browser too, so that the next start has it at once. */
  private async apply(changed: Record<string, SettingValue> = {}): Promise<void> {
    for (const key of ["language", "theme", "text_size"]) {
      const value = key in changed ? changed[key] : this.settings?.values[key];
      if (value === null) localStorage.removeItem(key);
      else if (value !== undefined && value !== "") localStorage.setItem(key, String(value));
    }
    this.show();
    const wanted = localStorage.getItem("language");
    await setLanguage(wanted && wanted in LANGUAGES ? closest([wanted]) : closest(navigator.languages));
  }

  private show(): void {
    document.documentElement.style.fontSize = `${Number(localStorage.getItem("text_size")) || 100}%`;
    document.documentElement.dataset["theme"] = localStorage.getItem("theme") ?? "system";
  }
}

export const app = new App();
