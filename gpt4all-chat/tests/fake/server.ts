import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Store } from "./store";
import { Refused, routes } from "./routes";

/** A server that speaks the application's API, with a scripted model behind it. */

const STATIC = fileURLToPath(new URL("../../../gpt4all-bindings/python/gpt4all/_app/static", import.meta.url));
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; " +
  "base-uri 'none'; form-action 'none'";
const KINDS: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};

export class FakeServer {
  readonly token = randomUUID();
  readonly store: Store;
  private readonly session = randomUUID();
  private used = false;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  constructor(store = new Store()) {
    this.store = store;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the program would open. */
  get address(): string {
    return `${this.origin}/#token=${this.token}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.answer(request, response));
    server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    return this;
  }

  /** As if it was killed: connections break off. Started again, it has what was stored. */
  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.origin);
    if (!url.pathname.startsWith("/app/v1")) return page(url.pathname, response);
    try {
      const text = await body(request);
      if (url.pathname === "/app/v1/session") return this.enter(text, response);
      if (!request.headers.cookie?.includes(`gpt4all_session=${this.session}`)) {
        throw new Refused(401, "session_needed", "this page is not signed in");
      }
      await routes(this.store, request.method ?? "GET", url, text, response);
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(500, "internal_error", String(error));
      const { code, message, remedies } = refused;
      json(response, refused.status, { error: { message, code, param: null, remedies } });
    }
  }

  private enter(text: string, response: ServerResponse): void {
    if (this.used || (JSON.parse(text) as { token: string }).token !== this.token) {
      throw new Refused(401, "session_needed", "the token was used");
    }
    this.used = true;
    response.setHeader("Set-Cookie", `gpt4all_session=${this.session}; HttpOnly; SameSite=Strict; Path=/`);
    json(response, 200, {});
  }
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(value === undefined ? "" : JSON.stringify(value));
}

async function body(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

async function page(path: string, response: ServerResponse): Promise<void> {
  const name = normalize(path === "/" ? "/index.html" : path);
  const headers = { "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff" };
  try {
    const content = await readFile(join(STATIC, name));
    response.writeHead(200, { ...headers, "Content-Type": KINDS[extname(name)] ?? "application/octet-stream" });
    response.end(content);
  } catch {
    response.writeHead(404, headers);
    response.end();
  }
}
