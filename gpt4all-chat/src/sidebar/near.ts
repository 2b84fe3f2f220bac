import type { Attachment } from "svelte/attachments";

const MARGIN = "600px 0px"; // about what is scrolled before the next frame

type Tell = (near: boolean, box: DOMRectReadOnly) => void;
const told = new WeakMap<Element, Tell>();
const observers = new WeakMap<Element, IntersectionObserver>();

function observerOf(root: Element): IntersectionObserver {
  let observer = observers.get(root);
  if (!observer) {
    const take = (entries: IntersectionObserverEntry[]): void => {
      for (const { target, isIntersecting, boundingClientRect } of entries) {
        told.get(target)?.(isIntersecting, boundingClientRect);
      }
    };
    observer = new IntersectionObserver(take, { root, rootMargin: MARGIN });
    observers.set(root, observer);
  }
  return observer;
}

/** Tells when an element comes near what is seen of the list that it is in, and when it is no more. */
export function onNear(tell: Tell): Attachment<HTMLElement> {
  return (element) => {
    const root = element.closest("[data-list]");
    if (!root) return;
    const observer = observerOf(root);
    told.set(element, tell);
    observer.observe(element);
    return () => observer.unobserve(element);
  };
}
