import { t } from "../i18n/index.svelte";
import { ui } from "../state/ui.svelte";

/** Shows where a link leads, in full and as the browser reads it, before anything is asked of that place. */
export async function openLink(address: string): Promise<void> {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return; // nothing that a browser could open
  }
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return;
  const question = { title: t("link.title"), text: t("link.text"), literal: url.href, action: t("link.open") };
  if (await ui.confirm(question)) window.open(url.href, "_blank", "noopener,noreferrer");
}

/** Copies a text, and says so. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    ui.announce(t("common.copied"));
  } catch {
    ui.fail(new Error(t("common.not_copied")));
  }
}

/** Has the browser save something as a file. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
