import type { Page } from "playwright-core";
import { spawn, type ChildProcess } from "node:child_process";

/**
 * The real application with a small real model. GPT4ALL_TEST_PYTHON is a Python that has what it needs; the lane names
 * one where there is one.
 */
export const PYTHON = process.env["GPT4ALL_TEST_PYTHON"];

export interface App {
  address: string;
  process: ChildProcess;
}

export async function started(data: string, port = "0", variables: NodeJS.ProcessEnv = {}): Promise<App> {
  const options = ["-m", "gpt4all", "app", "--no-browser", "--port", port, "--data-folder", data];
  const child = spawn(PYTHON ?? "", options, { env: { ...process.env, GPT4ALL_OFFLINE: "1", ...variables } });
  const address = await new Promise<string>((resolve, reject) => {
    let told = "";
    child.stderr.on("data", (piece: Buffer) => {
      told += piece.toString();
      const found = /http:\/\/\S+#token=\S+/.exec(told);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`the application ended with ${code}:\n${told}`)));
  });
  return { address, process: child };
}

export const ended = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });

/** Bounds answers, once the page is signed in: a small model repeats itself until its context is full now and then. */
export async function bounded(page: Page, app: App): Promise<void> {
  await page
    .getByRole("button", { name: /^(?:Start chatting|Skip)$/ })
    .first()
    .waitFor();
  const url = `${new URL(app.address).origin}/app/v1/settings`;
  await page.request.patch(url, { data: { max_tokens: 400 }, failOnStatusCode: true });
}
