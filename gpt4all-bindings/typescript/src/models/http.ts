/** HTTP as downloads need it: every redirect looked at, no secret sent elsewhere, every failure with its own kind. */

import { STATUS_CODES } from "node:http";
import { isIP } from "node:net";
import type { Readable } from "node:stream";

import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";

import { LLModelError } from "../errors.js";
import { DownloadError, InsecureURLError } from "./errors.js";
import type { DownloadSettings } from "./settings.js";

const MOST_REDIRECTS = 10;
const LONGEST_TEXT = 32 << 20; // bytes of a page of JSON
const MOST_HELD = 16 << 20; // bytes that the disk is behind the network
const PAGES = ["text/html", "application/xhtml+xml"];
const REDIRECTS = [301, 302, 303, 307, 308];

/** The headers of an answer, their names in lower case. */
export type Headers = Record<string, string | string[] | undefined>;

/** One header, or an empty text. */
export function header(headers: Headers, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(", ") : (value ?? "")).trim();
}

/** An address without what may be secret in it: name, password, query. */
export function redacted(url: string): string {
  try {
    const parts = new URL(url);
    return `${parts.protocol}//${parts.host}${parts.pathname}${parts.search ? "?…" : ""}`;
  } catch {
    return "(a malformed address)";
  }
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Throws InsecureURLError unless the address may be used, after a redirect from `previous` if given. */
export function checkAddress(url: string, settings: DownloadSettings, previous?: string): void {
  let parts: URL;
  try {
    parts = new URL(url);
  } catch (error) {
    throw new InsecureURLError(`${url} is not an address`, {}, { cause: error });
  }
  if (!["http:", "https:"].includes(parts.protocol)) {
    throw new InsecureURLError(`${redacted(url)} is not an https:// address, and nothing else is downloaded from`);
  }
  const here = isLoopback(parts.hostname) && (!previous || isLoopback(new URL(previous).hostname));
  if (parts.protocol === "http:" && !settings.allowHttp && !here) {
    throw new InsecureURLError(
      `${redacted(url)} is plain HTTP, which anyone on the way can change; use https, or set GPT4ALL_ALLOW_HTTP=1`,
    );
  }
}

/** Whether two addresses have the same scheme, host and port. */
export function sameHost(one: string, other: string): boolean {
  return new URL(one).origin === new URL(other).origin;
}

/** A token that only the host of `url` may see. */
export interface Secret {
  url: string;
  token: string;
}

/** An answer whose body is still to be read. hops: address and headers of each redirect that led to it, in order. */
export class Response {
  readonly #arriving: () => AsyncGenerator<Buffer>;

  constructor(
    readonly url: string,
    readonly status: number,
    readonly headers: Headers,
    readonly hops: [url: string, headers: Headers][],
    private readonly body: Readable,
    private readonly stallSeconds: number,
  ) {
    this.#arriving = arriving(body); // from here on, since it may break before it is read
  }

  /** Whether the body comes in chunks, which mark their own end. */
  get isChunked(): boolean {
    return header(this.headers, "transfer-encoding").toLowerCase().includes("chunked");
  }

  /** Content-Length; null if there is none. */
  get length(): number | null {
    const text = header(this.headers, "content-length");
    return /^\d+$/.test(text) && !this.isChunked ? Number(text) : null;
  }

  /** Whether this is a web page, which no model is. */
  get isPage(): boolean {
    const type = header(this.headers, "content-type").split(";")[0] as string;
    return PAGES.includes(type.trim().toLowerCase());
  }

  /** What part of the file this is. Throws DownloadError if the header does not say. */
  get contentRange(): { first: number; last: number; total: number } {
    const text = header(this.headers, "content-range");
    const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(text);
    if (!found) {
      throw new DownloadError("protocol", `${redacted(this.url)} sent a part of the file with Content-Range "${text}"`);
    }
    return { first: Number(found[1]), last: Number(found[2]), total: Number(found[3]) };
  }

  /** The body, as it comes. Throws DownloadError if the connection breaks or nothing to speak of comes. */
  async *blocks(): AsyncGenerator<Buffer> {
    const where = redacted(this.url);
    let since = performance.now();
    let got = 0;
    let stalled = false;
    const timer = setInterval(
      () => {
        if (performance.now() - since > this.stallSeconds * 1000) {
          stalled = true;
          this.body.destroy(new Error("stalled"));
        }
      },
      Math.min(100, this.stallSeconds * 500),
    );
    try {
      for await (const block of this.#arriving()) {
        got += block.length;
        if (got >= 1024) {
          since = performance.now();
          got = 0;
        }
        yield block;
        since = got === 0 ? performance.now() : since; // the time that writing took is not the server's
      }
    } catch (error) {
      if (stalled) {
        const message = `${where} sent next to nothing for ${this.stallSeconds} s; try again later or elsewhere`;
        throw new DownloadError("stalled", message, { url: where });
      }
      throw connectionError(this.url, error);
    } finally {
      clearInterval(timer);
      this.close();
    }
  }

  /** The whole body as text. */
  async text(): Promise<string> {
    const blocks: Buffer[] = [];
    let length = 0;
    for await (const block of this.blocks()) {
      blocks.push(block);
      length += block.length;
      if (length > LONGEST_TEXT) {
        throw new DownloadError("protocol", `${redacted(this.url)} sent over 32 MiB where a page was expected`);
      }
    }
    return Buffer.concat(blocks).toString("utf8");
  }

  /** Gives up the connection, however much is still to come. */
  close(): void {
    this.body.destroy();
  }
}

/**
 * What arrives of a body. A stream that is iterated over drops what it holds when the connection breaks; this gives all
 * of it before it throws, so that the next attempt can go on from there.
 */
function arriving(body: Readable): () => AsyncGenerator<Buffer> {
  const blocks: Buffer[] = [];
  let held = 0;
  let end: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  body.on("data", (block: Buffer) => {
    blocks.push(block);
    held += block.length;
    if (held > MOST_HELD) {
      body.pause();
    }
    wake?.();
  });
  const finish = (error?: unknown) => {
    end ??= error === undefined ? {} : { error };
    wake?.();
  };
  body.once("end", () => finish()).on("error", finish);
  body.once("close", () => finish(new Error("the connection was closed")));
  return async function* () {
    for (;;) {
      const block = blocks.shift();
      if (block) {
        held -= block.length;
        body.resume();
        yield block;
      } else if (end) {
        if ("error" in end) {
          throw end.error;
        }
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  };
}

/** Opens addresses. Proxies are those of $HTTPS_PROXY, $HTTP_PROXY and $NO_PROXY. */
export class Client {
  readonly #agent: EnvHttpProxyAgent;

  constructor(
    private readonly settings: DownloadSettings,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#agent = new EnvHttpProxyAgent({
      connect: { timeout: settings.connectSeconds * 1000 },
      headersTimeout: settings.stallSeconds * 1000,
      bodyTimeout: 0, // Response looks after it
    });
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Opens an address, after its redirects. Statuses but 200, 206 and 416 throw DownloadError. */
  async get(url: string, headers: Record<string, string> = {}, secret?: Secret): Promise<Response> {
    const hops: [string, Headers][] = [];
    let address = url;
    while (hops.length <= MOST_REDIRECTS) {
      this.#check(address, hops.at(-1)?.[0], url);
      const answer = await this.#open(address, headers, secret);
      const location = header(answer.headers, "location");
      const response = new Response(
        address,
        answer.statusCode,
        answer.headers,
        hops,
        answer.body,
        this.settings.stallSeconds,
      );
      if (!REDIRECTS.includes(answer.statusCode) || !location) {
        this.#checkAnswer(response, url, secret);
        return response;
      }
      response.close();
      hops.push([address, answer.headers]);
      address = joined(address, location);
    }
    const where = redacted(url);
    throw new DownloadError("redirect", `${where} was redirected more than ${MOST_REDIRECTS} times`, { url: where });
  }

  #check(address: string, previous: string | undefined, origin: string): void {
    try {
      checkAddress(address, this.settings, previous);
    } catch (error) {
      if (previous === undefined || !(error instanceof InsecureURLError)) {
        throw error;
      }
      const where = redacted(origin);
      throw new DownloadError(
        "redirect",
        `${where} leads elsewhere: ${error.message}`,
        { url: where },
        { cause: error },
      );
    }
  }

  async #open(address: string, headers: Record<string, string>, secret?: Secret): Promise<Dispatcher.ResponseData> {
    const allowed = secret && sameHost(address, secret.url);
    try {
      return await request(address, {
        dispatcher: this.#agent,
        headers: {
          "accept-encoding": "identity",
          "user-agent": "gpt4all-typescript",
          ...headers,
          ...(allowed ? { authorization: `Bearer ${secret.token}` } : {}),
        },
        ...(this.signal ? { signal: this.signal } : {}),
      });
    } catch (error) {
      throw connectionError(address, error);
    }
  }

  #checkAnswer(response: Response, url: string, secret?: Secret): void {
    if (![200, 206, 416].includes(response.status)) {
      response.close();
      throw statusError(response, url, secret);
    }
    const coding = header(response.headers, "content-encoding").toLowerCase();
    if (coding !== "" && coding !== "identity") {
      response.close();
      const advice = "though asked not to; a proxy may be the cause";
      throw new DownloadError("protocol", `${redacted(url)} sent the file as "${coding}" ${advice}`);
    }
  }
}

function joined(address: string, location: string): string {
  try {
    return new URL(location, address).href;
  } catch (error) {
    const message = `${redacted(address)} leads to "${location.slice(0, 200)}", which is not an address`;
    throw new DownloadError("redirect", message, {}, { cause: error });
  }
}

const NEVER_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|.*CERT.*)$/;

function connectionError(url: string, error: unknown): LLModelError {
  if (error instanceof LLModelError) {
    return error;
  }
  const where = redacted(url);
  const codes = [
    error,
    ...(error instanceof AggregateError ? (error.errors as unknown[]) : []),
    (error as Error).cause,
  ].map((each) => (each as NodeJS.ErrnoException | undefined)?.code ?? "");
  const why = (error instanceof Error ? error.message : String(error)) || codes.find(Boolean) || "it was closed";
  if (codes.includes("UND_ERR_HEADERS_TIMEOUT")) {
    return new DownloadError("stalled", `${where} stopped sending`, { url: where }, { cause: error });
  }
  if (codes.some((code) => NEVER_CONNECTED.test(code))) {
    return new DownloadError("unreachable", `no connection to ${where}: ${why}`, { url: where }, { cause: error });
  }
  const message = `the connection to ${where} broke: ${why}`;
  return new DownloadError("connection_failed", message, { url: where }, { cause: error });
}

function statusError(response: Response, url: string, secret?: Secret): DownloadError {
  const { status } = response;
  const where = redacted(url);
  let advice = "";
  if (status === 401 || status === 403) {
    advice = secret ? "; the token was not accepted" : "; a model behind a licence needs a token in HF_TOKEN";
  } else if (status === 404) {
    advice = "; check the name of the repository and of the file";
  }
  const message = `${where} answered ${status} (${STATUS_CODES[status] ?? "an unknown status"})${advice}`;
  const error = new DownloadError("http_status", message, { url: where, http_status: status });
  if ([408, 425, 429].includes(status) || status >= 500) {
    error.retryAfterSeconds = retryAfter(header(response.headers, "retry-after"));
  }
  return error;
}

/** Seconds that a server asks to wait, 0 if it does not say. */
function retryAfter(text: string): number {
  if (/^\d+$/.test(text)) {
    return Number(text);
  }
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? 0 : Math.max(0, (moment - Date.now()) / 1000);
}
