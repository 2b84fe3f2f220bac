import { ApiError, UNREACHABLE, problem } from "../api/client";
import type { Problem } from "../api/types";
import { t } from "../i18n/index.svelte";
import { remedies, wrong } from "../i18n/told";

export interface Toast {
  id: number;
  text: string;
  detail: string | null;
  remedies: string[];
  kind: "done" | "problem";
  /** Whether it says no more than that the server is away, which is over when it is back. */
  away: boolean;
  action?: { label: string; run: () => void } | undefined;
}

export interface Question {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  /** Shown as it is, in full: an address, say. */
  literal?: string;
  answer: (yes: boolean) => void;
}

export type Panel = "search" | "shortcuts" | null;

const SHOWN_MS = 8_000;

/** What lies over the screens, and what is said to people who do not see them. */
class Ui {
  toasts = $state<Toast[]>([]);
  question = $state<Question | null>(null);
  panel = $state<Panel>(null);
  sidebar = $state(false); // on narrow screens, where it lies over the rest
  announced = $state("");
  /** How many dialogs are open. What is said has to be in the last one: the rest is inert, and behind it. */
  dialogs = $state(0);
  private last = 0;

  say(text: string, action?: Toast["action"]): void {
    this.show({ text, detail: null, remedies: [], kind: "done", away: false, action });
  }

  /** Shows why something did not work. about: what that was, if several may fail at once. */
  fail(error: unknown, about = ""): void {
    const told = problemOf(error);
    const { text, detail } = wrong(told);
    const away = isAway(error);
    if (away) this.back(); // said once, whatever else is tried
    this.show({ text: about ? `${about}: ${text}` : text, detail, remedies: remedies(told), kind: "problem", away });
  }

  /** Takes back that the server is away. */
  back(): void {
    this.toasts = this.toasts.filter((toast) => !toast.away);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  announce(text: string): void {
    this.announced = text;
  }

  /** Asks before something is done that cannot be undone. */
  confirm(asked: Omit<Question, "answer">): Promise<boolean> {
    this.question?.answer(false);
    return new Promise((resolve) => {
      const answer = (yes: boolean): void => {
        this.question = null;
        resolve(yes);
      };
      this.question = { ...asked, answer };
    });
  }

  private show(toast: Omit<Toast, "id">): void {
    const id = ++this.last;
    this.toasts = [...this.toasts.slice(-3), { ...toast, id }];
    if (toast.kind === "done") setTimeout(() => this.dismiss(id), SHOWN_MS);
  }
}

export const ui = new Ui();

const isAway = (error: unknown): boolean => error instanceof ApiError && error.code === UNREACHABLE;

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return isAway(error) ? problem(t("app.unreachable")) : error.problem;
  return problem(error instanceof Error ? error.message : String(error));
}

/** What to say of an error where there is room for one sentence. */
export const sentence = (error: unknown): string => wrong(problemOf(error)).text;

/** Runs something that the person asked for, and shows why if it fails. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    ui.fail(error);
    return null;
  }
}

/**
 * Fetches what a screen begins with, and shows why if it fails. That the server is away is said above each screen, and
 * what it has is fetched again when it is back.
 */
export async function fetched(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isAway(error)) ui.fail(error);
  }
}
