import type { Attachment } from "../api/types";

export interface Draft {
  text: string;
  attachments: Attachment[];
}

/** What was begun in each chat, null being the new one. In memory alone: the browser keeps nothing of chats. */
const drafts = new Map<string | null, Draft>();

export const draftOf = (chat: string | null): Draft => drafts.get(chat) ?? { text: "", attachments: [] };

export function keepDraft(chat: string | null, draft: Draft): void {
  if (draft.text || draft.attachments.length) drafts.set(chat, draft);
  else drafts.delete(chat);
}
