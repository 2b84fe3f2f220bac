import { evidence } from "./data";
import { Store } from "./store";

/** Chats as somebody might have had them, for pictures and for what looks at whole screens. */
export function sample(): Store {
  const store = new Store();
  const now = Date.now() / 1000;
  const folder = { id: "work", name: "Work", chats: 1 };
  store.folders.push(folder);
  const hours = (count: number): number => now - count * 3600;
  store.addChat("Plan a week in Lisbon", { pinned: true, updated: hours(3) });
  store.addChat("Release notes", { folder_id: folder.id, updated: hours(5) });
  store.addChat("Sourdough that rises", { updated: hours(20) });
  store.addChat("A poem about rain", { updated: hours(24 * 4) });
  store.addChat("Regular expressions", { updated: hours(24 * 12) });
  const chat = store.addChat("How fast is a merge sort?", { id: "sorting" });
  store.addMessage(chat, "user", "How fast is a merge sort, and what does it look like in Python?");
  const answer = store.addMessage(chat, "assistant", SORTING);
  answer.reasoning = "It halves the list, so the depth is the logarithm of its length.";
  answer.reasoning_seconds = 2.4;
  answer.stats = {
    prompt_tokens: 40,
    cached_tokens: 30,
    tokens: 212,
    seconds: 7.1,
    tokens_per_second: 29.9,
    first_token_seconds: 0.3,
  };
  const cited = store.addChat("When does the reserve pump start?", {
    id: "pump",
    settings: { collections: ["Handbook"] },
  });
  store.addMessage(cited, "user", "When does the reserve pump start?");
  const told = store.addMessage(
    cited,
    "assistant",
    "The reserve pump starts by itself when the pressure falls below **2.1 bar** [1]. Its valve is tested on the first Monday of a month [2].",
  );
  told.evidence = evidence;
  told.searched = { files: 18, used: 2, mode: "passages", answerable: true };
  return store;
}

const SORTING = `A merge sort needs $O(n \\log n)$ steps, whatever the order it is given:

$$T(n) = 2\\,T\\!\\left(\\frac{n}{2}\\right) + n$$

\`\`\`python
def merge_sort(items: list[int]) -> list[int]:
    """Sorts by halves."""
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle]), merge_sort(items[middle:])
    return list(merge(left, right))
\`\`\`

| | merge sort | quicksort |
|---|---|---|
| worst case | $n \\log n$ | $n^2$ |
| memory | $n$ | $\\log n$ |

- It is *stable*: equal items keep their order.
- \`heapq.merge\` merges sorted lists.
`;
