import type { Evidence } from "../api/types";

/** What an answer was taken from, beside the chat. */
class Sources {
  list = $state.raw<Evidence[]>([]);
  index = $state(-1);
  readonly shown = $derived(this.list[this.index] ?? null);

  open(list: readonly Evidence[], number: number): void {
    const cited = list.filter((each) => each.cited || each.number === number);
    this.list = cited;
    this.index = cited.findIndex((each) => each.number === number);
  }

  move(by: number): void {
    const next = this.index + by;
    if (next >= 0 && next < this.list.length) this.index = next;
  }

  close(): void {
    this.index = -1;
    this.list = [];
  }
}

export const sources = new Sources();
