import { type ResourceType, typeUrls } from "../../snapshot/resource.ts";

/** Why a client does not get what it asked for; goes into `resource_errors` (xRFC TP3), where gRPC clients show it. */
export type ResourceError = { readonly name: string; readonly code: number; readonly message: string };

// google.rpc.Code
const invalidArgument = 3;
const notFound = 5;

const longestName = 2_000;

/** A name that is not in the client's snapshot: what is wrong with it, or that there is no such thing. */
export function errorOf(type: ResourceType, name: string): ResourceError {
  const what = typeUrls[type].slice(typeUrls[type].lastIndexOf(".") + 1);
  if (name.length > longestName) {
    const message = `the name has ${name.length} characters; at most ${longestName} are looked at`;
    return { name, code: invalidArgument, message };
  }
  if (name.startsWith("xdstp:")) return { name, ...xdstpError(name, type) };
  return { name, code: notFound, message: `there is no ${what} "${name}" for this client` };
}

// RFC 3986 `pchar`: a gRPC client percent-encodes the target that it puts into a name (gRFC A47), Envoy all that is reserved.
const character = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const form = new RegExp(
  `^xdstp://([A-Za-z0-9.-]*(?::[0-9]+)?)/([A-Za-z0-9._-]+)/((?:${character}|/)+)(?:\\?(?:${character}|[/?])*)?$`,
);

/** `xdstp://authority/type/id?context` (xRFC TP1). None is served; a wrong one is told what is wrong with it. */
function xdstpError(name: string, type: ResourceType): Pick<ResourceError, "code" | "message"> {
  const match = form.exec(name);
  if (match === null || name.includes("..")) {
    const message = `"${name.slice(0, 200)}" is not xdstp://authority/type/id?key=value`;
    return { code: invalidArgument, message };
  }
  const [, authority = "", named = ""] = match;
  const wanted = typeUrls[type].slice("type.googleapis.com/".length);
  if (named !== wanted)
    return { code: invalidArgument, message: `it names the type ${named} in a request for ${wanted}` };
  return {
    code: notFound,
    message: `no resources of the authority "${authority}" are served here; ask for plain names`,
  };
}
