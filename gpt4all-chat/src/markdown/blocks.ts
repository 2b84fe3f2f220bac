/**
 * Cuts Markdown into blocks that do not depend on each other, so that while an answer streams only the last is rendered
 * again. A cut is made only where no renderer would join what is before and after.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const MATHS_OPEN = /^ {0,3}(\$\$|\\\[)/;
const LIST_ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:\s|$)/;

type Inside = { kind: "fence"; mark: string } | { kind: "maths"; end: string } | null;

export class Blocks {
  /** What is complete: none of these changes any more. */
  readonly closed: string[] = [];
  private last: string[] = []; // complete lines of the last block
  private line = ""; // the line that has not ended
  private inside: Inside = null;
  private blank = false; // whether the last complete line was blank
  private list = false; // whether the last block is a list, which goes on after a blank line

  constructor(text = "") {
    this.append(text);
  }

  /** The block that may still change. */
  get open(): string {
    return [...this.last, this.line].join("\n");
  }

  /** All blocks, the open one last. */
  get all(): string[] {
    const parts = this.parted ? [this.last.join("\n"), this.line] : [this.open];
    return [...this.closed, ...parts.filter((part) => part.trim())];
  }

  /** Whether the line that has not ended is sure to begin a block. */
  private get parted(): boolean {
    if (!this.blank || this.inside || !/^\S/.test(this.line)) return false;
    return !this.list || !/^[-+*\d]/.test(this.line);
  }

  append(text: string): void {
    const lines = (this.line + text).split("\n");
    this.line = lines.pop() ?? "";
    for (const line of lines) this.take(line);
  }

  private take(line: string): void {
    if (this.inside) {
      this.last.push(line);
      if (this.ends(line, this.inside)) {
        this.inside = null;
        if (!this.list) this.close();
      }
      return;
    }
    if (line.trim() === "") {
      this.blank = true;
      if (this.last.length) this.last.push(line);
      return;
    }
    const goesOn = this.list && (/^(?: {2,}|\t)/.test(line) || LIST_ITEM.test(line));
    if (this.blank && !goesOn) this.close();
    this.blank = false;
    this.begin(line);
  }

  private begin(line: string): void {
    const fence = FENCE.exec(line);
    const maths = MATHS_OPEN.exec(line);
    const mark = fence?.[1];
    if (mark && !(mark.startsWith("`") && fence[2]?.includes("`"))) {
      if (!this.list) this.close();
      this.inside = { kind: "fence", mark };
    } else if (maths) {
      const end = maths[1] === "$$" ? "$$" : "\\]";
      const after = line.slice(maths[0].length);
      if (!after.includes(end)) {
        if (!this.list) this.close();
        this.inside = { kind: "maths", end };
      }
    } else if (this.last.length === 0) {
      this.list = LIST_ITEM.test(line);
    } else if (LIST_ITEM.test(line)) {
      this.list = true;
    }
    this.last.push(line);
  }

  private ends(line: string, inside: NonNullable<Inside>): boolean {
    if (inside.kind === "maths") return line.includes(inside.end);
    const found = FENCE.exec(line);
    const mark = found?.[1];
    return mark !== undefined && mark[0] === inside.mark[0] && mark.length >= inside.mark.length && !found?.[2]?.trim();
  }

  private close(): void {
    const text = this.last.join("\n");
    if (text.trim()) this.closed.push(text);
    this.last = [];
    this.blank = false;
    this.list = false;
  }
}
