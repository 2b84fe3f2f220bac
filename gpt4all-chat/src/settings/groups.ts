import type { SettingSchema } from "../api/types";

export interface SettingGroup {
  name: string;
  simple: [string, SettingSchema][];
  advanced: [string, SettingSchema][];
}

/** Settings in the groups that the server names, in its order; what is advanced apart. */
export function grouped(properties: Record<string, SettingSchema>): SettingGroup[] {
  const groups = new Map<string, SettingGroup>();
  for (const entry of Object.entries(properties)) {
    const name = entry[1].group ?? "other";
    const group = groups.get(name) ?? { name, simple: [], advanced: [] };
    groups.set(name, group);
    (entry[1].advanced ? group.advanced : group.simple).push(entry);
  }
  return [...groups.values()];
}

export type Kind = "boolean" | "integer" | "number" | "string" | "strings";

/** What kind of value a setting has, and whether it may have none. */
export function kindOf(schema: SettingSchema): { kind: Kind; optional: boolean } {
  const kinds = (schema.anyOf ?? [schema]).map(({ type }) => type);
  const kind = kinds.find((each) => each !== "null") ?? "string";
  const optional = kinds.includes("null");
  if (kind === "array") return { kind: "strings", optional };
  return { kind: kind === "boolean" || kind === "integer" || kind === "number" ? kind : "string", optional };
}
