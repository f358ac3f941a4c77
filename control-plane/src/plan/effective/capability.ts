import type { ClientKind } from "../../model/client-software.ts";
import { type GrpcImplementation, grpcImplementations, isBefore, type Release } from "../../model/grpc-capabilities.ts";
import { type Grfc, grfcs } from "./grfcs.ts";

/**
 * What a client makes of a field:
 * - `obeyed`: what it says.
 * - `approximated`: something near it, which the reason names.
 * - `ignored`: it is sent, or there is no way to send it, and the client does not look at it.
 * - `withheld`: it is left out of what the client is sent, because the client would refuse it or be harmed.
 */
export type Effect = "obeyed" | "approximated" | "ignored" | "withheld";

/** What one kind of client makes of a field. */
export type Cell = {
  readonly effect: Effect;
  /** What happens instead; empty for what is obeyed. */
  readonly instead: string;
  /** `gRFC A50`, a page of Envoy's documentation, `measured`, `read in` a source, or `Weir` for what it does itself. */
  readonly source: string;
  /** The first release that does so, and what those before make of it. Undefined: all. */
  readonly since?: { readonly release: Release; readonly before: Cell };
};

/** What every kind of client makes of a field of a document. */
export type Capability = {
  /** Below `spec`; `[]` stands for each entry of a list: `rules[].to`. */
  readonly field: string;
  /** It is about this value of the field; the field then has a row for each value that it can have. */
  readonly value?: string;
  /** It is about the values that this says are, in words `says`; the next row is about the others. */
  readonly where?: { readonly says: string; readonly holds: (value: unknown) => boolean };
  /** It is about all that stands below the field, too. */
  readonly whole?: true;
  readonly on: Readonly<Record<ClientKind, Cell>>;
};

/** Of a cell: the same for all gRPC libraries, or after each one's version. */
type GrpcCell = Cell | ((implementation: GrpcImplementation) => Cell);

/** One row of a table: Envoy's cell, that of gRPC clients, and those of the libraries that differ. */
export function capability(
  field: string,
  {
    envoy,
    grpc,
    value,
    where,
    whole,
    ...others
  }: Pick<Capability, "value" | "where" | "whole"> & { readonly envoy: Cell; readonly grpc: GrpcCell } & Partial<
      Record<GrpcImplementation, GrpcCell>
    >,
): Capability {
  const of = (implementation: GrpcImplementation) => {
    const cell = others[implementation] ?? grpc;
    return typeof cell === "function" ? cell(implementation) : cell;
  };
  const libraries = Object.fromEntries(grpcImplementations.map((each) => [`grpc-${each}`, of(each)]));
  return {
    field,
    ...(value !== undefined && { value }),
    ...(where && { where }),
    ...(whole && { whole }),
    on: { envoy, ...libraries } as Record<ClientKind, Cell>,
  };
}

/** For what Weir does itself, whoever the client is. */
export function byWeir(field: string, how: Pick<Capability, "whole"> = {}): Capability {
  return capability(field, { envoy: ownWork, grpc: ownWork, ...how });
}

const ownWork: Cell = { effect: "obeyed", instead: "", source: "Weir" };

export function obeyed(source: string): Cell {
  return { effect: "obeyed", instead: "", source };
}

export function approximated(instead: string, source: string): Cell {
  return { effect: "approximated", instead, source };
}

export function ignored(instead: string, source: string): Cell {
  return { effect: "ignored", instead, source };
}

export function withheld(instead: string, source: string): Cell {
  return { effect: "withheld", instead, source };
}

/** Envoy does it, as a page below https://www.envoyproxy.io/docs/envoy/latest/ says; older releases ignore it. */
export function envoys(page: string, release?: Release): Cell {
  const source = `Envoy: ${page}`;
  return { ...obeyed(source), ...(release && { since: { release, before: ignored(later, source) } }) };
}

const later = "it came with a later release";

/**
 * What a gRFC defines: obeyed, or `as` that says, by the libraries that have it, since the release that brought it;
 * `otherwise` holds for the others and for the releases before.
 */
export function since(
  grfc: Grfc,
  otherwise: Cell = ignored(later, `gRFC ${grfc}`),
  as: Cell = obeyed(`gRFC ${grfc}`),
): (implementation: GrpcImplementation) => Cell {
  return (implementation) => {
    if (implementation === "other") return as;
    const release = grfcs[grfc][implementation];
    return release ? { ...as, since: { release, before: otherwise } } : otherwise;
  };
}

/**
 * The same for what was seen with Go, Java, Python (the C core) and Node, in `test/journeys/effective-on.test.ts` and others:
 * obeyed, or approximated by doing `instead`.
 */
export function tried(grfc: Grfc, instead?: string): GrpcCell {
  const by = (source: string) =>
    since(grfc, undefined, instead === undefined ? obeyed(source) : approximated(instead, source));
  return (implementation) => by(implementation === "other" ? `gRFC ${grfc}` : "measured")(implementation);
}

/** What a client of this release makes of it; one whose release is not known is taken for a current one. */
export function cellFor({ on }: Capability, kind: ClientKind, release: Release | undefined): Cell {
  const cell = on[kind];
  return cell.since && release && isBefore(release, cell.since.release) ? cell.since.before : cell;
}
