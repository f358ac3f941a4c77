const left = "(left out)";

const secretKeys =
  /^(.*[_-])?(token|secret|secrets|password|passwd|authorization|cookie|credentials?|api[_-]?key|private[_-]?key|inline[_-]?(bytes|string)|(tls[_-]?)?certificate|certificate[_-]?chain)s?$/i;

const secretText: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g, left],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${left}`],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g, left],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/@]+@/gi, `$1${left}@`],
  [/\b((?:token|secret|password|passwd|api[_-]?key)s?)(\s*[=:]\s*)("[^"]*"|[^\s,;&"]+)/gi, `$1$2${left}`],
];

/** The same without what looks like a secret: by the names of fields, and by how tokens, keys and passwords in URLs look. */
export function redacted(value: unknown): unknown {
  if (typeof value === "string")
    return secretText.reduce((text, [look, instead]) => text.replace(look, instead), value);
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [key, isSecret(key, inside) ? left : redacted(inside)]),
  );
}

/** What tells where a secret is, and not what it is, stays. */
function isSecret(key: string, value: unknown): boolean {
  const name = key.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  return secretKeys.test(name) && (typeof value === "string" || Array.isArray(value));
}
