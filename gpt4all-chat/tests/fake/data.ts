import type {
  AppSettings,
  CatalogueModel,
  Collection,
  Evidence,
  Fit,
  Message,
  Model,
  State,
} from "../../src/api/types";

/** What the scripted server has when it starts. */

export const state: State = {
  version: "3.0.0",
  first_run: false,
  data_folder: "/home/ada/.local/share/gpt4all",
  documents: true,
  hardware: {
    processor: "Example 9000",
    cores: 8,
    memory_bytes: 16_600_000_000,
    memory_free_bytes: 9_400_000_000,
    gpus: [],
  },
  default_model: "small.gguf",
  language: null,
};

const origin = { source: "https://example.org/", licence: "Apache-2.0" } as const;
const here = {
  resident_bytes: null,
  ...origin,
  state: "closed",
  error: null,
  progress: 0,
} as const;

/** As the server says it, whatever the verdict. */
export const fits = (verdict: Fit["verdict"], needed: number): Fit => ({
  verdict,
  reason: `needs about ${(needed / 1e9).toFixed(1)} GB of the 9.4 GB`,
  code: "memory",
  values: { needed, total: 9_400_000_000 },
});

export const models: Model[] = [
  {
    ...here,
    id: "small.gguf",
    name: "Small Instruct",
    file: "small.gguf",
    size: 986_000_000,
    kind: "chat",
    parameters: 1_500_000_000,
    quantization: "Q4_K_M",
    context: 32_768,
    images: false,
    memory_bytes: 1_600_000_000,
    resident_bytes: 1_210_000_000,
    fit: fits("good", 1_600_000_000),
    state: "open",
  },
  {
    ...here,
    id: "large.gguf",
    name: "Large Instruct",
    file: "large.gguf",
    size: 8_990_000_000,
    kind: "chat",
    parameters: 14_000_000_000,
    quantization: "Q4_K_M",
    context: 131_072,
    images: false,
    memory_bytes: 11_200_000_000,
    fit: {
      verdict: "no",
      reason: "needs about 11.2 GB of memory, and this machine has 9.4 GB",
      code: "memory_exceeded",
      values: { needed: 11_200_000_000, total: 9_400_000_000 },
    },
    state: "failed",
    error: {
      message: "large.gguf needs 11.2 GB of memory, and 9.4 GB are free",
      code: "out_of_memory",
      param: null,
      remedies: [
        "Choose a smaller model, such as Strong Instruct.",
        "Lower the context in the settings.",
        "Close them.",
      ],
      remedy_codes: [
        { code: "choose_smaller_named", values: { model: "Strong Instruct" } },
        { code: "lower_context", values: {} },
        { code: "of_a_later_release", values: {} },
      ],
    },
  },
  {
    ...here,
    id: "minilm.gguf",
    name: "all-MiniLM-L6-v2",
    file: "minilm.gguf",
    size: 46_000_000,
    kind: "embedding",
    parameters: 23_000_000,
    quantization: "F16",
    context: 512,
    images: false,
    memory_bytes: 80_000_000,
    fit: fits("good", 80_000_000),
  },
  {
    ...here,
    id: "reranker.gguf",
    name: "Example Reranker",
    file: "reranker.gguf",
    size: 36_000_000,
    kind: "reranker",
    parameters: 33_000_000,
    quantization: "Q8_0",
    context: 512,
    images: false,
    memory_bytes: 70_000_000,
    fit: fits("good", 70_000_000),
  },
];

function offered(id: string, name: string, gigabytes: number, verdict: Fit["verdict"]): CatalogueModel {
  const size = gigabytes * 1e9;
  return {
    ...origin,
    id,
    name,
    file: id,
    size,
    kind: "chat",
    parameters: gigabytes * 1.6e9,
    licence_url: "https://www.apache.org/licenses/LICENSE-2.0",
    commercial_use: true,
    recommended: verdict === "good",
    quantization: "Q4_K_M",
    context: 32_768,
    images: false,
    memory_bytes: size * 1.3,
    fit: fits(verdict, size * 1.3),
    installed: false,
    download_bytes: size,
    description: `Answers questions and writes; ${gigabytes < 2 ? "quick" : "thorough"}.`,
  };
}

export const catalogue: CatalogueModel[] = [
  offered("tiny.gguf", "Tiny Instruct", 0.4, "good"),
  offered("middle.gguf", "Middle Instruct", 2.5, "good"),
  offered("strong.gguf", "Strong Instruct", 4.7, "good"),
  offered("heavy.gguf", "Heavy Instruct", 6.8, "tight"),
  offered("giant.gguf", "Giant Instruct", 40, "no"),
];

const values: AppSettings["values"] = {
  theme: "system",
  language: null,
  text_size: 100,
  send_with_enter: true,
  default_model: "small.gguf",
  system: null,
  reranker: null,
  context_tokens: 0,
};

export const settings: AppSettings = {
  values,
  defaults: { ...values, default_model: null },
  schema: {
    properties: {
      theme: { type: "string", title: "Theme", group: "appearance" },
      language: { anyOf: [{ type: "string" }, { type: "null" }], title: "Language", group: "appearance" },
      text_size: { type: "integer", minimum: 50, maximum: 300, title: "Text size", group: "appearance" },
      send_with_enter: { type: "boolean", title: "Enter sends", group: "chat" },
      default_model: { anyOf: [{ type: "string" }, { type: "null" }], title: "Default model", group: "chat" },
      system: { anyOf: [{ type: "string" }, { type: "null" }], title: "System prompt", group: "chat" },
      reranker: { anyOf: [{ type: "string" }, { type: "null" }], title: "Reranker", group: "documents" },
      context_tokens: { type: "integer", minimum: 0, title: "Context", group: "models", advanced: true },
    },
  },
};

export const collections: Collection[] = [
  {
    name: "Handbook",
    folders: ["/home/ada/Documents/handbook"],
    embed_model: "all-MiniLM-L6-v2",
    states: { ready: 18, pending: 0, unreadable: 2, missing: 0 },
    chunks: 4_211,
    embedded: 4_211,
    indexing: {
      state: "idle",
      done: 20,
      total: 20,
      file: null,
      chunks_per_second: null,
      seconds_left: null,
      error: null,
    },
  },
];

const passage = "The reserve pump starts by itself when the pressure falls below 2.1 bar.";

export const evidence: Evidence[] = [
  {
    number: 1,
    file_id: "f1",
    collection: "Handbook",
    path: "/home/ada/Documents/handbook/pumps.pdf",
    title: "Pumps and pressure",
    headings: ["Operation", "Reserve"],
    pages: [1734, 1734],
    start: 100,
    end: 100 + passage.length,
    found: [100, 100 + passage.length],
    text: passage,
    sha256: "0".repeat(64),
    scores: { words: 1, letters: 2, vectors: 1, similarity: 0.81, fused: 0.049 },
    cited: true,
  },
  {
    number: 2,
    file_id: "f2",
    collection: "Handbook",
    path: "/home/ada/Documents/handbook/notes.md",
    title: "notes.md",
    headings: ["Maintenance"],
    pages: null,
    start: 10,
    end: 62,
    found: [10, 62],
    text: "Its valve is tested on the first Monday of a month. ",
    sha256: "1".repeat(64),
    scores: { words: 3, letters: null, vectors: 2, similarity: 0.64, fused: 0.032 },
    cited: true,
  },
];

let clock = 1_700_000_000;
let last = 0;

/** A message as it is before anything has happened to it. */
export function message(chat_id: string, role: Message["role"], content: string, parent: string | null): Message {
  clock += 1;
  return {
    id: `m${++last}`,
    chat_id,
    parent,
    role,
    content,
    reasoning: null,
    reasoning_seconds: null,
    created: clock,
    model: role === "assistant" ? "small.gguf" : null,
    state: "done",
    error: null,
    attachments: [],
    evidence: [],
    searched: null,
    tool_calls: [],
    stats: null,
    dropped: [],
    shortened: null,
    stop_reason: null,
  };
}
