/** Texts or numbers as one parameter of an array type; null where there is none. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function arrayOf(items: readonly (string | number | boolean | null)[]): string {
  let text = "{";
  for (const [index, item] of items.entries()) {
    if (index > 0) text += ",";
    if (item === null) text += "null";
    else if (typeof item === "string") text += quoted(item);
    else text += String(item);
  }
  return `${text}}`;
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}
