type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "altKey" | "ctrlKey" | "metaKey" | "isComposing" | "keyCode">;

/**
 * Whether a key means "send": Enter, or Ctrl+Enter for people who want Enter to begin a line. Never while an input method
 * composes, whose Enter chooses a word.
 */
export function sends(event: Pressed, withEnter = true): boolean {
  // 229 is what browsers give that say no more that they compose when the key comes: Safari's last Enter.
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.shiftKey || event.altKey)
    return false;
  return withEnter || event.ctrlKey || event.metaKey;
}
