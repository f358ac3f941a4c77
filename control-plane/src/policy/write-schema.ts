import { writeFileSync } from "node:fs";
import { editorSchema } from "./documents/json-schema.ts";

// node control-plane/src/policy/write-schema.ts: writes the schema that editors use, from the schemas that check documents.

export const schemaFile = new URL("../../schema/v1alpha1.json", import.meta.url);

export function schemaText(): string {
  return `${JSON.stringify(editorSchema(), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(schemaFile, schemaText());
