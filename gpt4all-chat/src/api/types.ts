import type { components } from "./schema";

/** What `/app/v1` sends and takes: by its schemas, which `npm run types` writes to schema.d.ts. */

type Schemas = components["schemas"];
export type Problem = Schemas["Error"];
export type Hardware = Schemas["Hardware"];
export type State = Schemas["AppState"];
export type Sampling = Schemas["Sampling"];
export type ChatSettings = Schemas["ChatSettings"];
export type Preset = Schemas["Preset"];
export type ChatSummary = Schemas["ChatSummary"];
export type Attachment = Schemas["Attachment"];
export type Evidence = Schemas["Evidence"];
export type Searched = Schemas["Searched"];
export type ToolCall = Schemas["ToolCall"];
export type Stats = Schemas["Stats"];
export type Message = Schemas["Message"];
export type Chat = Schemas["Chat"];
export type ChatFolder = Schemas["Folder"];
export type Context = Schemas["Context"];
export type Started = Schemas["Replying"];
export type Sent = Schemas["Sent"];
export type SearchHit = Schemas["SearchHit"];
export type Imported = Schemas["Imported"];
export type ServerInfo = Schemas["ServerState"];
export type Change = Schemas["Change"];
export type ApiKey = Schemas["Key"];

// What the schemas leave open, or have no part in yet.

export interface SettingSchema {
  type?: string;
  title?: string;
  description?: string;
  group?: string;
  advanced?: boolean;
  anyOf?: SettingSchema[];
  minimum?: number;
  maximum?: number;
}

export type SettingValue = string | number | boolean | null | string[];

export interface AppSettings {
  values: Record<string, SettingValue>;
  defaults: Record<string, SettingValue>;
  schema: { properties: Record<string, SettingSchema> };
}

export type Stage = NonNullable<Schemas["JobEvent"]["stage"]>;

export type JobEvent = { seq: number } & (
  | { type: "start"; content: string; reasoning: string | null }
  | { type: "stage"; stage: Stage; done?: number | null; total?: number | null; detail?: string | null }
  | { type: "evidence"; evidence: Evidence[]; searched: Searched | null }
  | { type: "context"; context: Context }
  | { type: "reasoning"; text: string }
  | { type: "text"; text: string }
  | { type: "tool_call"; call: ToolCall }
  | { type: "notice"; code: string; message: string }
  | { type: "stats"; stats: Stats }
  | { type: "done"; message: Message }
  | { type: "error"; error: Problem }
);

export interface Fit {
  verdict: "good" | "tight" | "no";
  reason: string;
}

export interface Model {
  id: string;
  name: string;
  file: string;
  size: number;
  kind: "chat" | "embedding" | "reranker" | "other";
  parameters: string | null;
  quantization: string | null;
  context: number | null;
  images: boolean;
  memory_bytes: number | null;
  fit: Fit;
  state: "closed" | "opening" | "open" | "failed";
  error: Problem | null;
  source: string | null;
  licence: string | null;
}

export interface CatalogueModel extends Model {
  installed: boolean;
  download_bytes: number;
  description: string;
}

export interface HubFile {
  repository: string;
  file: string;
  size: number;
  downloads: number | null;
  fit: Fit;
}

export interface Download {
  id: string;
  name: string;
  state: "queued" | "running" | "paused" | "verifying" | "done" | "failed";
  received: number;
  total: number | null;
  bytes_per_second: number | null;
  seconds_left: number | null;
  error: Problem | null;
}

export interface BrowseEntry {
  name: string;
  path: string;
  folder: boolean;
  size: number | null;
}

export interface Browse {
  path: string;
  parent: string | null;
  roots: string[];
  entries: BrowseEntry[];
}

export interface Indexing {
  state: "idle" | "running" | "paused" | "failed";
  done: number;
  total: number;
  file: string | null;
  chunks_per_second: number | null;
  seconds_left: number | null;
  error: string | null;
}

export interface Collection {
  name: string;
  folders: string[];
  embed_model: string | null;
  states: { ready: number; pending: number; unreadable: number; missing: number };
  chunks: number;
  embedded: number;
  indexing: Indexing;
}

export interface CollectionFile {
  id: string;
  path: string;
  size: number;
  state: string;
  reason: string | null;
  message: string | null;
  pages: number | null;
}

export interface CollectionFiles {
  total: number;
  files: CollectionFile[];
}

export interface Inspection {
  passages: Evidence[];
  answerable: boolean;
  relevance: number | null;
  threshold: number | null;
  whole: boolean;
  files: number;
  chunks: number;
  seconds: number;
}

export interface SourceFile {
  id: string;
  path: string;
  title: string;
  pages: number | null;
  format: string;
  changed: boolean;
  missing: boolean;
}

export interface SourcePage {
  width: number;
  height: number;
  image: string;
  marks: number[][];
}

export interface SourceText {
  start: number;
  end: number;
  text: string;
  blocks: { kind: string; level: number | null; start: number; end: number }[];
}
