/** A value that differs: undefined on the side where nothing stands. */
export type FieldChange = { readonly path: string; readonly before?: unknown; readonly after?: unknown };

/**
 * What differs between two plain JSON values, by path: `spec.rules[0].to.dc-a`. Lists of things that have names (or
 * localities, or addresses) are compared by those: `endpoints[dc-a/z1].load_balancing_weight`.
 */
export function fieldChanges(before: unknown, after: unknown, path = ""): readonly FieldChange[] {
  if (isSame(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => fieldChanges(own(before, key), own(after, key), joined(path, key)));
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

function listChanges(before: readonly unknown[], after: readonly unknown[], path: string): readonly FieldChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  if (old && now) {
    const keys = [...new Set([...old.keys(), ...now.keys()])];
    return keys.flatMap((key) => fieldChanges(old.get(key), now.get(key), `${path}[${key}]`));
  }
  return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
    fieldChanges(before[index], after[index], `${path}[${index}]`),
  ).flat();
}

/** By what each is called; undefined where one has no name, or two have the same. */
function byKey(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const keyed = new Map<string, unknown>();
  for (const each of list) {
    const key = keyOf(each);
    if (key === undefined || keyed.has(key)) return undefined;
    keyed.set(key, each);
  }
  return keyed;
}

function keyOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const { name, locality, endpoint, priority = 0 } = value;
  if (typeof name === "string") return name;
  if (isRecord(locality)) {
    const where = [locality["region"], locality["zone"], locality["sub_zone"]].filter(Boolean).join("/");
    return priority === 0 ? where : `${where}, priority ${String(priority)}`;
  }
  const address =
    isRecord(endpoint) && isRecord(endpoint["address"]) ? endpoint["address"]["socket_address"] : undefined;
  return isRecord(address) ? `${String(address["address"])}:${String(address["port_value"])}` : undefined;
}

function joined(path: string, key: string): string {
  if (!/^[A-Za-z_@][A-Za-z0-9_.-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
