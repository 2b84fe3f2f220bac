import { t } from "../i18n/index.svelte";

/** "page 3", or "pages 3–4". */
export function pagesOf([first = 1, last = first]: readonly number[]): string {
  return first === last ? t("sources.page", { page: first }) : t("sources.pages", { first, last });
}
