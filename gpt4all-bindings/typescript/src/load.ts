/** Opening a model by its name. */

import type { LongCallOptions } from "./long-call.js";
import { Model, type OpenOptions } from "./model.js";
import { resolve, type PullOptions } from "./models/index.js";

/** Options for opening, and for finding and fetching what is opened. */
export type LoadOptions = OpenOptions &
  LongCallOptions &
  Pick<PullOptions, "folder" | "offline" | "onDownload"> & {
    /** Whether a model may be downloaded that is not on this machine. Default: true. */
    allowDownload?: boolean;
    downloadSettings?: PullOptions["settings"];
  };

/**
 * Opens a model: the path of a GGUF file, a name from the catalogue, hf://owner/repo/file.gguf or an https:// address.
 * What is not on this machine is downloaded. `signal` cancels the download, too.
 */
export async function load(named: string, options: LoadOptions = {}): Promise<Model> {
  const { folder, offline, onDownload, allowDownload, downloadSettings, ...open } = options;
  const given = { folder, offline, onDownload, allowDownload, settings: downloadSettings, signal: open.signal };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return await Model.open(await resolve(named, set), open);
}
