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
export type ImportProgress = Schemas["ImportProgress"];
export type Imported = Schemas["Imported"];
export type ServerInfo = Schemas["ServerState"];
export type Change = Schemas["Change"];
export type ApiKey = Schemas["Key"];
export type Fit = Schemas["Fit"];
export type Model = Schemas["InstalledModel"];
export type CatalogueModel = Schemas["CatalogueModel"];
export type HubFile = Schemas["HubFile"];
export type Download = Schemas["Download"];
export type Browse = Schemas["Browsed"];
export type Collection = Schemas["Collection"];
export type CollectionFile = Schemas["DocumentFile"];
export type CollectionFiles = Schemas["DocumentFiles"];
export type EvidenceScores = Schemas["EvidenceScores"];
export type Inspection = Schemas["DocumentsFound"];
export type SourceFile = Schemas["ViewedFile"];
export type SourcePage = Schemas["PagePicture"];
export type SourceText = Schemas["TextAround"];
export type EmbeddingModel = Schemas["EmbeddingModel"];
export type ToolInfo = Schemas["ToolInfo"];

// What the schemas leave open.

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
  | { type: "notice"; code: string; message: string; total?: number }
  | { type: "stats"; stats: Stats }
  | { type: "done"; message: Message }
  | { type: "error"; error: Problem }
);
