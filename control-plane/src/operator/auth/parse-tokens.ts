import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Parsed, Problem } from "../../lib/parsed.ts";
import { roles } from "../../model/role.ts";
import type { Principal } from "./principal.ts";

/** A line of the tokens file. Two with the same name are one person with two tokens, as while one is replaced. */
export type TokenEntry = Omit<Principal, "knownBy"> & {
  readonly shows:
    | { readonly kind: "token"; readonly /** SHA-256 of it. */ hash: Buffer }
    /** As `certificateNames` spells them. */
    | { readonly kind: "certificate"; readonly name: string };
  readonly expires: Date | undefined;
};

const patterns = z
  .array(
    z.string().regex(/^(\*|[A-Za-z0-9][A-Za-z0-9._-]*\*?)$/, 'expected a name, how names begin and a *, or "*"'),
    'expected a list of names, like [report, "team-*"]',
  )
  .max(1_000);

const entry = z
  .strictObject({
    name: z
      .string("expected who the token is for: what the journal shows")
      .regex(/^[^\p{Cc}]*\S[^\p{Cc}]*$/u, "expected who the token is for, on one line")
      .max(200),
    role: z.enum(roles, `expected ${roles.join(", ")}`),
    services: patterns.optional(),
    datacenters: patterns.optional(),
    sha256: z
      .string("expected the token's SHA-256: weir token create makes both")
      .regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits: weir token create makes them")
      .optional(),
    certificate: z
      .string("expected a name in a certificate")
      .regex(/^(URI|DNS|email|CN):[^\s",]+$/, "expected URI:, DNS:, email: or CN: and the name in the certificate")
      .optional(),
    expires: z.iso
      .datetime({ offset: true, error: "expected a time with its zone, such as 2027-01-01T00:00:00Z" })
      .optional(),
  })
  .superRefine(({ role, services, datacenters, sha256, certificate }, { addIssue }) => {
    if ((sha256 === undefined) === (certificate === undefined))
      addIssue({
        code: "custom",
        path: ["sha256"],
        message: "expected either this, the token's SHA-256 (weir token create), or certificate",
      });
    if (role === "shifter" && services === undefined)
      addIssue({
        code: "custom",
        path: ["services"],
        message: 'is missing: what may it shift? ["*"] is every service',
      });
    if (role !== "shifter" && (services ?? datacenters) !== undefined)
      addIssue({ code: "custom", path: ["role"], message: `only a shifter has services and datacenters, not ${role}` });
  });

const shape = z.strictObject({ tokens: z.array(entry, "expected a list of tokens").max(10_000) });

/** Reads a tokens file, all problems at once with their lines. Never repeats a value: it may be a token put there by mistake. */
export function parseTokens({
  path,
  text,
}: {
  readonly path: string;
  readonly text: string;
}): Parsed<readonly TokenEntry[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const sourceOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0)
    return {
      ok: false,
      problems: document.errors.map(({ code, pos }) => ({
        at: "",
        says: `is not YAML (${code})`,
        source: sourceOf(pos[0]),
      })),
    };
  const place = (index: unknown) => {
    const list = isMap(document.contents) ? document.contents.get("tokens", true) : undefined;
    const item: unknown = isSeq(list) && typeof index === "number" ? list.items[index] : undefined;
    return sourceOf((isMap(item) ? item.range?.[0] : undefined) ?? 0);
  };
  const read = shape.safeParse(document.toJS());
  if (!read.success)
    return {
      ok: false,
      problems: read.error.issues.map((issue) => ({
        at: issue.path.join("."),
        says: issue.code === "unrecognized_keys" ? `does not know ${issue.keys.length} of its keys` : issue.message,
        source: place(issue.path[1]),
      })),
    };
  const { tokens } = read.data;
  const problems = tokens.flatMap(({ sha256, certificate }, index): Problem[] => {
    const first = tokens.findIndex((each) => each.sha256 === sha256 && each.certificate === certificate);
    if (first === index) return [];
    const field = sha256 === undefined ? "certificate" : "sha256";
    return [{ at: `tokens.${index}.${field}`, says: `is that of tokens.${first} too`, source: place(index) }];
  });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: tokens.map(({ name, role, services = [], datacenters = ["*"], sha256 = "", certificate, expires }) => ({
      ...{ name: name.trim(), role, services, datacenters },
      shows:
        certificate === undefined
          ? { kind: "token", hash: Buffer.from(sha256, "hex") }
          : { kind: "certificate", name: certificate },
      expires: expires === undefined ? undefined : new Date(expires),
    })),
  };
}
