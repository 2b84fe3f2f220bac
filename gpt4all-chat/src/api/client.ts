import type { Problem } from "./types";

/** A problem that the server has not told. */
export const problem = (message: string, code: string | null = null): Problem => ({
  message,
  code,
  param: null,
  remedies: [],
});

/** What the server answered instead of what was asked for, or that it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
    this.name = "ApiError";
  }

  get code(): string {
    return this.problem.code ?? "";
  }
}

export const UNREACHABLE = "unreachable";
const BASE = "/app/v1";

function problemOf(body: unknown, status: number): Problem {
  if (typeof body === "object" && body !== null && "error" in body) {
    const error = (body as { error: unknown }).error;
    if (typeof error === "object" && error !== null && "message" in error) return error as Problem;
  }
  return problem(`HTTP ${status}`);
}

/** Sends a request; a Response with a good status, or ApiError. */
export async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const request: RequestInit = { method, signal: signal ?? null, credentials: "same-origin", cache: "no-store" };
  if (method !== "GET") request.headers = { "Content-Type": "application/json" };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(BASE + path, request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, problem(String(error), UNREACHABLE));
  }
  if (!response.ok) {
    const text = await response.text();
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = null; // a proxy's page, say: the status says more
    }
    throw new ApiError(response.status, problemOf(parsed, response.status));
  }
  return response;
}

async function json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await ask(method, path, body, signal);
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => json<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => json<T>("POST", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => json<T>("PATCH", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => json<T>("PUT", path, body);
export const remove = (path: string): Promise<null> => json<null>("DELETE", path);

/** A part of a path, whatever characters are in it. */
export const part = (text: string): string => encodeURIComponent(text);
/** Parameters of a query, without those that have no value. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${given.map(([name, value]) => `${name}=${part(String(value))}`).join("&")}` : "";
}
