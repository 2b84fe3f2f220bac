/** A JSON schema that somebody has typed; nothing typed is none. */
export function parseSchema(text: string): { schema: Record<string, unknown> | null } | { wrong: string } {
  if (!text.trim()) return { schema: null };
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { schema: parsed as Record<string, unknown> };
    }
    return { wrong: text.trim().slice(0, 40) };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
