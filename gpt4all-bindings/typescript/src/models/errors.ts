/** What can go wrong with finding and fetching model files. */

import { InvalidArgumentError, LLModelIOError, ModelNotFoundError } from "../errors.js";

/** Why a download failed: the same word in every language. */
export type DownloadErrorKind =
  | "http_status"
  | "unreachable"
  | "connection_failed"
  | "stalled"
  | "redirect"
  | "protocol"
  | "checksum"
  | "disk_full"
  | "folder";

/**
 * A download failed. What was downloaded is kept in a .part file, and the next attempt resumes from there.
 *
 * detail: may hold "url" (without its secrets), "path", "http_status", "tried" (one line for each source).
 */
export class DownloadError extends LLModelIOError {
  readonly kind: DownloadErrorKind;

  constructor(kind: DownloadErrorKind, ...rest: ConstructorParameters<typeof LLModelIOError>) {
    super(...rest);
    this.kind = kind;
  }

  /** How long the server asks to wait, in seconds; undefined if another attempt is of no use. @internal */
  retryAfterSeconds: number | undefined;
}

/** The model is not on this machine, and downloads are turned off. */
export class OfflineError extends ModelNotFoundError {
  readonly kind = "offline";
}

/** Plain HTTP to another machine, or an address that is not HTTP at all. */
export class InsecureURLError extends InvalidArgumentError {
  readonly kind = "insecure_url";
}

/** A file name or address that could lead outside the models folder. */
export class InvalidNameError extends InvalidArgumentError {}

/** One error for several sources: the only failure itself, or one of the first one's kind that lists them all. */
export function failedEverywhere(what: string, failures: Map<string, DownloadError>): DownloadError {
  const [first] = [...failures.values()] as [DownloadError];
  if (failures.size === 1) {
    return first;
  }
  const tried = [...failures].map(([source, error]) => `${source}: ${error.message}`);
  const message = `${what} could not be fetched from any of its sources. ${tried.join("; ")}`;
  return new DownloadError(first.kind, message, { ...first.detail, tried });
}
