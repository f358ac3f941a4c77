export type TokenKind = "(" | ")" | "AND" | "OR" | "NOT" | "operator" | "word" | "text" | "end";
export type Token = { readonly kind: TokenKind; readonly text: string; readonly at: number };

/** What is wrong with a filter, in words that follow "filter". */
export class FilterError extends Error {}

// Sticky, so that each match begins where the last one ended. A word runs to the next space, parenthesis or operator.
const pattern =
  /\s+|(?<paren>[()])|(?<operator>!=|<=|>=|[=<>:])|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<minus>-(?=[\w(]))|(?<word>[^\s()=<>!:"'-][^\s()=<>!:"']*)/suy;

/** The pieces of a filter as https://google.aip.dev/160 writes it; throws a FilterError at what can be none. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (!groups)
      throw new FilterError(`cannot be read at character ${at + 1}: ${JSON.stringify(text.slice(at, at + 20))}`);
    const { paren, operator, double, single, minus, word } = groups;
    if (paren !== undefined) tokens.push({ kind: paren as "(" | ")", text: paren, at });
    if (operator !== undefined) tokens.push({ kind: "operator", text: operator, at });
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.replace(/\\(.)/gsu, "$1"), at });
    if (minus !== undefined) tokens.push({ kind: "NOT", text: minus, at });
    if (word !== undefined) tokens.push({ kind: isKeyword(word) ? word : "word", text: word, at });
  }
  return tokens;
}

function isKeyword(word: string): word is "AND" | "OR" | "NOT" {
  return word === "AND" || word === "OR" || word === "NOT";
}
