/** Which screen is shown. It stands in the fragment, so that the server needs to know of one page only. */

export type Screen = "chat" | "models" | "documents" | "settings" | "server";
const SCREENS: readonly string[] = ["chat", "models", "documents", "settings", "server"];

export interface Route {
  screen: Screen;
  id: string | null;
}

export function parseRoute(hash: string): Route {
  const [screen = "", id = ""] = hash.replace(/^#\/?/, "").split("/");
  return { screen: SCREENS.includes(screen) ? (screen as Screen) : "chat", id: decoded(id) };
}

/** Null for what no address of ours is. */
function decoded(id: string): string | null {
  try {
    return decodeURIComponent(id) || null;
  } catch {
    return null;
  }
}

export const address = (screen: Screen, id?: string | null): string =>
  `#/${screen}${id ? `/${encodeURIComponent(id)}` : ""}`;

class Router {
  route = $state<Route>({ screen: "chat", id: null });

  start(): void {
    const read = (): void => {
      this.route = parseRoute(location.hash);
    };
    read();
    addEventListener("hashchange", read);
  }

  go(screen: Screen, id?: string | null): void {
    location.hash = address(screen, id);
  }

  /** Another address for what is shown already: a chat that has just been made. */
  replace(screen: Screen, id: string): void {
    history.replaceState(null, "", address(screen, id));
    this.route = { screen, id };
  }
}

export const router = new Router();
