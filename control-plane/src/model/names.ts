declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A service's name: as it stands in documents, URLs and xDS resource names. */
export type ServiceName = Branded<"ServiceName">;
/** An endpoint's identity inside its service and source: a Consul service id, a registry id, or its address. */
export type EndpointId = Branded<"EndpointId">;
/** Who says what exists: `registry`, `file`, `static`, `consul/dc-a`. */
export type SourceName = Branded<"SourceName">;

// Names travel in URLs, resource names and file names of journals: no dots alone, no slashes, no percent signs.
const name = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,198}[A-Za-z0-9])?$/;

/** What a name may be, for error messages. */
export const nameRule =
  "letters, digits, '.', '_' and '-', beginning and ending with a letter or digit, at most 200 characters";

export function parseServiceName(text: string): ServiceName | undefined {
  return name.test(text) ? (text as ServiceName) : undefined;
}

/** Consul allows slashes and colons in ids, so this is wider than a service's name; control characters and spaces are not. */
export function parseEndpointId(text: string): EndpointId | undefined {
  return /^[\x21-\x7e]{1,200}$/.test(text) ? (text as EndpointId) : undefined;
}

export function parseSourceName(text: string): SourceName | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(text) ? (text as SourceName) : undefined;
}
