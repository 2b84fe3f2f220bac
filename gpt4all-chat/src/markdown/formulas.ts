type Katex = typeof import("katex").default;

let katex: Katex | null = null;
let loading: Promise<Katex> | null = null;

async function load(): Promise<Katex> {
  loading ??= Promise.all([import("katex"), import("katex/dist/katex.min.css")]).then(([module]) => module.default);
  katex = await loading;
  return katex;
}

/** Shows the formulas within an element. KaTeX is fetched for the first one. */
export async function showFormulas(within: HTMLElement): Promise<void> {
  const found = within.querySelectorAll<HTMLElement>(".maths:not([data-shown])");
  if (!found.length) return;
  const { render } = katex ?? (await load());
  for (const element of found) {
    const { tex = "", display } = element.dataset;
    element.dataset["shown"] = "true";
    // Untrusted: no links, no images, no HTML, no macro that grows without end.
    const options = { trust: false, strict: false, throwOnError: false, maxExpand: 200, maxSize: 20 } as const;
    render(tex, element, { ...options, displayMode: display === "true" });
  }
}
