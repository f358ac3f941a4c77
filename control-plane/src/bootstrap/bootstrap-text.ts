import { stringify } from "yaml";

/** YAML with a comment above it. */
export function bootstrapText(bootstrap: object, comment: string): string {
  const above = comment.split("\n").map((line) => (line === "" ? "#" : `# ${line}`));
  return `${above.join("\n")}\n${stringify(bootstrap, { lineWidth: 120 })}`;
}
