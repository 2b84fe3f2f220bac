/**
 * Keeps the end of what is scrolled in sight while it grows, until the reader scrolls up: then nothing here moves it any
 * more, until the reader is at the end again. What grows above is made up for by the browser (scroll anchoring).
 */

const CLOSE = 24; // pixels from the end that count as there
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);

export class StickToEnd {
  private element: HTMLElement | null = null;
  private stuck = true;
  private touched = 0;
  private tell: (away: boolean) => void = () => undefined;

  attach(element: HTMLElement, tell: (away: boolean) => void): () => void {
    this.element = element;
    this.tell = tell;
    const sizes = new ResizeObserver(() => this.grew());
    for (const each of [element, ...element.children]) sizes.observe(each);
    const listeners: [string, (event: Event) => void][] = [
      ["wheel", (event) => (event as WheelEvent).deltaY < 0 && this.leave()],
      ["keydown", (event) => UPWARDS.has((event as KeyboardEvent).key) && this.leave()],
      ["touchmove", () => this.leave()],
      ["pointerdown", (event) => event.target === element && this.leave()], // the scroll bar
      ["scroll", () => this.scrolled()],
    ];
    for (const [name, listener] of listeners) element.addEventListener(name, listener, { passive: true });
    return () => {
      sizes.disconnect();
      for (const [name, listener] of listeners) element.removeEventListener(name, listener);
      this.element = null;
    };
  }

  toEnd(): void {
    this.stuck = true;
    this.grew();
    this.tell(false);
  }

  /** Leaves the end: something else is to be seen. */
  release(): void {
    this.stuck = false;
    this.touched = performance.now();
  }

  private get distance(): number {
    const { element } = this;
    return element ? element.scrollHeight - element.clientHeight - element.scrollTop : 0;
  }

  private leave(): void {
    if (!this.element || this.element.scrollHeight <= this.element.clientHeight) return;
    this.release();
  }

  private grew(): void {
    if (this.stuck && this.element) this.element.scrollTop = this.element.scrollHeight;
  }

  private scrolled(): void {
    // Right after the wheel is turned up the place is still close to the end: that is no return to it.
    if (!this.stuck && this.distance < CLOSE && performance.now() - this.touched > 250) this.stuck = true;
    this.tell(!this.stuck && this.distance > CLOSE);
  }
}
