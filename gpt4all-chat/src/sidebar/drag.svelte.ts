import type { Attachment } from "svelte/attachments";
import type { ChatSummary } from "../api/types";
import { chats, isAt, type Place } from "../state/chats.svelte";

const FAR = 6; // pixels from which on a press of the mouse is no click any more
const HOLD_MS = 400; // that a finger rests before it moves a chat: sooner, it scrolls
const EDGE = 40; // pixels of the list in which it scrolls by itself
const STEP = 8;

/** The chat that is being dragged, where to, and where the pointer is. */
class Drag {
  chat = $state.raw<ChatSummary | null>(null);
  to = $state<Place | null>(null);
  x = $state(0);
  y = $state(0);

  /** Follows the pointer, over whatever `data-place` is below it. */
  follow(x: number, y: number): void {
    [this.x, this.y] = [x, y];
    const below = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-place]")?.dataset["place"];
    const place = below as Place | undefined;
    this.to = place && this.chat && !isAt(this.chat, place) ? place : null;
  }

  end(): void {
    this.chat = this.to = null;
  }
}

export const drag = new Drag();

/** Lets a row be dragged to a place: with a mouse at once, with a finger after it has rested. The menu does the same. */
export function draggable(chat: () => ChatSummary): Attachment<HTMLElement> {
  return (row) => {
    let press: AbortController | undefined;
    const stop = (): void => press?.abort();

    function begin(id: number, x: number, y: number): void {
      row.setPointerCapture(id);
      getSelection()?.removeAllRanges();
      drag.chat = chat();
      drag.follow(x, y);
      scroll(row.closest<HTMLElement>("[data-list]"));
    }

    function down(event: PointerEvent): void {
      if (event.button !== 0 || !event.isPrimary || !(event.target as Element).closest("a")) return;
      stop();
      press = new AbortController();
      const { signal } = press;
      const { pointerId, clientX, clientY } = event;
      const touch = event.pointerType === "touch";
      const held = touch ? setTimeout(() => begin(pointerId, clientX, clientY), HOLD_MS) : undefined;
      const far = (to: PointerEvent): boolean => Math.hypot(to.clientX - clientX, to.clientY - clientY) >= FAR;
      signal.addEventListener("abort", () => {
        clearTimeout(held);
        drag.end();
      });

      const move = (to: PointerEvent): void => {
        if (to.pointerId !== pointerId) return;
        if (drag.chat) drag.follow(to.clientX, to.clientY);
        else if (far(to) && touch) stop();
        else if (far(to)) begin(pointerId, to.clientX, to.clientY);
      };
      const up = (to: PointerEvent): void => {
        if (to.pointerId !== pointerId) return;
        const [moved, place] = [drag.chat, drag.to];
        stop();
        if (!moved) return;
        // What ends a drag is no click on what it began at.
        const past = new AbortController();
        const click = (clicked: Event): void => {
          clicked.preventDefault();
          clicked.stopPropagation();
        };
        addEventListener("click", click, { capture: true, signal: past.signal });
        setTimeout(() => past.abort());
        if (place) void chats.move(moved, place);
      };
      const key = (pressed: KeyboardEvent): void => {
        if (pressed.key !== "Escape" || !drag.chat) return;
        pressed.stopPropagation();
        stop();
      };
      addEventListener("pointermove", move, { signal });
      addEventListener("pointerup", up, { signal });
      addEventListener("pointercancel", stop, { signal });
      addEventListener("keydown", key, { signal, capture: true });
      // A finger that drags does not scroll, nor does the browser show what it has for links.
      const own = (other: Event): void => {
        if (drag.chat) other.preventDefault();
      };
      row.addEventListener("touchmove", own, { signal, passive: false });
      addEventListener("contextmenu", own, { signal });
    }

    row.addEventListener("pointerdown", down);
    return () => {
      row.removeEventListener("pointerdown", down);
      stop();
    };
  };
}

/** Scrolls the list while the pointer is at one of its ends. */
function scroll(list: HTMLElement | null): void {
  if (!drag.chat || !list) return;
  const { top, bottom } = list.getBoundingClientRect();
  const step = drag.y < top + EDGE ? -STEP : drag.y > bottom - EDGE ? STEP : 0;
  if (step) {
    list.scrollTop += step;
    drag.follow(drag.x, drag.y);
  }
  requestAnimationFrame(() => scroll(list));
}
