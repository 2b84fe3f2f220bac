import { ApiError, post, problem } from "../api/client";
import type { ImportProgress, Imported } from "../api/types";
import { base64 } from "../chat/files";
import { attempt, ui } from "../state/ui.svelte";

const PIECE = 8 << 20; // bytes of a file that are sent at once

/** Has the server read files of chats, and says what was not taken. The ids of the chats that were made. */
export async function importAll(files: readonly File[]): Promise<string[]> {
  const made: string[] = [];
  for (const file of files) {
    await attempt(async () => {
      const { chats, skipped } = await send(file);
      made.push(...chats);
      for (const { name, reason, code } of skipped) {
        ui.fail(new ApiError(400, problem(reason, code)), name);
      }
    });
  }
  return made;
}

async function send(file: File): Promise<Imported> {
  const { name, size } = file;
  if (size <= PIECE) return post<Imported>("/import", { name, data: await base64(file) });
  let id: string | null = null;
  for (let offset = 0; ; offset += PIECE) {
    const data = await base64(file.slice(offset, offset + PIECE));
    const done: ImportProgress = await post<ImportProgress>("/import/pieces", { id, name, size, offset, data });
    if (done.imported) return done.imported;
    id = done.id;
  }
}
