import type { CatalogueModel } from "../api/types";

const SHOWN = 3;
const ORDER = { good: 0, tight: 1, no: 2 } as const;

/**
 * Three models to begin with: those that fit, a large one first, as it answers best, and the smallest last, as it is here
 * soonest. What does not fit is not suggested at all.
 */
export function suggestions(catalogue: readonly CatalogueModel[]): CatalogueModel[] {
  const fitting = catalogue
    .filter((model) => model.kind === "chat" && !model.installed && model.fit.verdict !== "no")
    .sort((one, other) => ORDER[one.fit.verdict] - ORDER[other.fit.verdict] || other.size - one.size);
  if (fitting.length <= SHOWN) return fitting;
  const good = fitting.filter((model) => model.fit.verdict === "good");
  const from = good.length >= SHOWN ? good : fitting;
  const middle = from[Math.floor((from.length - 1) / 2)];
  return [from[0], middle, from.at(-1)].filter((model) => model !== undefined);
}
