/** What `/app/v1` sends and takes. */

export interface Problem {
  message: string;
  code: string | null;
  param?: string | null;
  remedies?: string[];
}

export interface Hardware {
  processor: string;
  cores: number;
  memory_bytes: number | null;
  memory_free_bytes: number | null;
  gpus: string[];
}

export interface State {
  version: string;
  first_run: boolean;
  data_folder: string;
  documents: boolean;
  hardware: Hardware;
  default_model: string | null;
  language: string | null;
}

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

export interface Sampling {
  temperature?: number | null;
  top_k?: number | null;
  top_p?: number | null;
  min_p?: number | null;
  repeat_penalty?: number | null;
  seed?: number | null;
  max_tokens?: number | null;
}

export interface ChatSettings {
  system?: string | null;
  template?: string | null;
  reasoning?: boolean | null;
  sampling?: Sampling | null;
  schema?: Record<string, unknown> | null;
  tools?: string[] | null;
  collections?: string[] | null;
  documents_only?: boolean | null;
}

export interface Preset {
  id: string;
  name: string;
  settings: ChatSettings;
}

export interface ChatSummary {
  id: string;
  title: string;
  folder_id: string | null;
  pinned: boolean;
  created: number;
  updated: number;
  model: string | null;
  job: string | null;
}

export interface Attachment {
  id: string;
  name: string;
  kind: "text" | "image";
  size: number;
  characters: number | null;
  pages: number | null;
  tokens: number | null;
}

export interface Evidence {
  number: number;
  file_id: string | null;
  collection: string;
  path: string;
  title: string;
  headings: string[];
  pages: number[] | null;
  start: number;
  end: number;
  found: number[] | null;
  text: string;
  sha256: string;
  scores: Record<string, number | null> | null;
  cited: boolean;
}

export interface Searched {
  files: number;
  used: number;
  mode: "passages" | "whole" | "map_reduce" | "none";
  answerable: boolean;
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  state: "asked" | "running" | "done" | "denied" | "failed";
  result: string | null;
}

export interface Stats {
  prompt_tokens: number;
  cached_tokens: number;
  tokens: number;
  seconds: number;
  tokens_per_second: number;
  first_token_seconds: number | null;
}

export interface Message {
  id: string;
  chat_id: string;
  parent: string | null;
  role: "user" | "assistant" | "tool";
  content: string;
  reasoning: string | null;
  reasoning_seconds: number | null;
  created: number;
  model: string | null;
  state: "done" | "running" | "stopped" | "failed" | "interrupted";
  error: Problem | null;
  attachments: Attachment[];
  evidence: Evidence[];
  searched: Searched | null;
  tool_calls: ToolCall[];
  stats: Stats | null;
  dropped: string[];
  stop_reason: string | null;
}

export interface Chat extends ChatSummary {
  settings: ChatSettings;
  leaf: string | null;
  messages: Message[];
}

export interface ChatFolder {
  id: string;
  name: string;
}

export interface Context {
  used: number;
  limit: number;
  reserved: number;
  evidence: number;
  dropped: string[];
}

export type Stage = "waiting" | "opening" | "searching" | "reading" | "answering";

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

export interface Started {
  reply: Message;
  job: string;
}

export interface Sent extends Started {
  user: Message;
}

export interface SearchHit {
  chat_id: string;
  title: string;
  message_id: string | null;
  snippet: string;
  marks: number[][];
  updated: number;
}

export interface Imported {
  chats: string[];
  skipped: { name: string; reason: string }[];
}

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

export interface ApiKey {
  id: string;
  name: string;
  created: number;
  prefix: string;
}

export interface ServerInfo {
  addresses: string[];
  keys: ApiKey[];
  requests: { time: number; method: string; path: string; status: number; ms: number }[];
}

export interface Change {
  type: "chats" | "models" | "downloads" | "collections" | "settings";
  id?: string | null;
}
