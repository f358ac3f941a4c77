import { isJsonObject, type JsonObject } from "./plain-json.ts";

/** Envoy's and grpc-js's own limit. */
export const largestRing = 8_388_608;
export const defaultRing = 1024;
/** Envoy's own limit. */
export const largestTable = 5_000_011;

/** Which types each field is for; the fields of consistentHash too. */
const typesOf: Readonly<Record<string, readonly string[]>> = {
  choices: ["LeastRequest"],
  activeRequestBias: ["LeastRequest"],
  consistentHash: ["RingHash", "Maglev"],
  weightedRoundRobin: ["WeightedRoundRobin"],
  slowStart: ["RoundRobin", "LeastRequest", "WeightedRoundRobin"],
  minimumRingSize: ["RingHash"],
  maximumRingSize: ["RingHash"],
  tableSize: ["Maglev"],
};

type Found = { readonly path: readonly string[]; readonly says: string };

/** What of `spec.loadBalancer` does not go together. */
export function fieldsOfOtherTypes({ type, ...fields }: JsonObject): readonly Found[] {
  if (typeof type !== "string") return [];
  const { consistentHash: hash } = fields;
  const inHash = isJsonObject(hash) && typesOf["consistentHash"]?.includes(type) ? hash : {};
  const needed = `${type} needs consistentHash: {header: …}, the header whose value decides`;
  return [
    ...strangers(type, fields, []),
    ...strangers(type, inHash, ["consistentHash"]),
    ...(hash === undefined && typesOf["consistentHash"]?.includes(type) ? [{ path: [], says: needed }] : []),
    ...(type === "RingHash" ? wrongRing(inHash) : []),
    ...(type === "Maglev" ? wrongTable(inHash) : []),
  ];
}

function strangers(type: string, fields: JsonObject, path: readonly string[]): readonly Found[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    const types = typesOf[field];
    if (value === undefined || types === undefined || types.includes(type)) return [];
    return [{ path: [...path, field], says: `is for ${types.join(", ")}, not ${type}` }];
  });
}

function wrongRing({ minimumRingSize, maximumRingSize }: JsonObject): readonly Found[] {
  const least = minimumRingSize ?? defaultRing;
  const most = maximumRingSize ?? largestRing;
  if (typeof least !== "number" || typeof most !== "number" || least <= most) return [];
  return minimumRingSize === undefined
    ? [{ path: ["consistentHash", "maximumRingSize"], says: `${most} is less than minimumRingSize ${least}` }]
    : [{ path: ["consistentHash", "minimumRingSize"], says: `${least} is more than maximumRingSize ${most}` }];
}

/** Envoy: "The table size of maglev must be prime number". */
function wrongTable({ tableSize }: JsonObject): readonly Found[] {
  if (typeof tableSize !== "number" || tableSize > largestTable || isPrime(tableSize)) return [];
  const says = `${tableSize} is no prime number; the next is ${nextPrime(tableSize)}`;
  return [{ path: ["consistentHash", "tableSize"], says }];
}

function isPrime(number: number): boolean {
  if (!Number.isInteger(number) || number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

function nextPrime(number: number): number {
  let next = Math.max(2, Math.ceil(number));
  while (!isPrime(next)) next++;
  return next;
}
