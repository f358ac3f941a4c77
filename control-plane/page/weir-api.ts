/** An answer that is no success, in the server's words. */
export class RefusedError extends Error {
  readonly code: number;
  /** All that is wrong, where more than one thing is. */
  readonly details: readonly string[];

  constructor(code: number, says: string, details: readonly string[]) {
    super(says);
    this.code = code;
    this.details = details;
  }
}

type ErrorBody = {
  readonly error?: {
    readonly message?: string;
    readonly details?: readonly {
      readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[];
    }[];
  };
};

const tokenKey = "weir.token";

/** The token that requests carry where the server asks who one is; kept until the tab is closed, and nowhere else. */
export function keepToken(token: string): void {
  sessionStorage.setItem(tokenKey, token.trim());
}

function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(tokenKey) ?? "";
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

/** A server that holds a request this long is away; what is asked here is answered from memory. */
const patienceMs = 5_000;

/** Asks the server that the page came from. Throws `RefusedError`, or what `fetch` throws when nobody answers. */
export async function ask<T>(
  path: string,
  {
    method = "GET",
    body,
    headers = {},
  }: {
    readonly method?: "GET" | "PUT" | "POST";
    readonly body?: unknown;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<T> {
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(path, {
    method,
    headers: { ...type, ...authorization(), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  const { error } = answer as ErrorBody;
  const details = (error?.details ?? [])
    .flatMap(({ fieldViolations = [] }) => fieldViolations)
    .map(({ field, description }) => `${field}: ${description}`);
  throw new RefusedError(response.status, error?.message ?? response.statusText, details);
}

/** Headers carry bytes: text is sent as UTF-8, which the server reads it as. */
export function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Why there was no answer, in a few words. */
export function whyNot(cause: unknown): string {
  if (cause instanceof RefusedError) return cause.message;
  if (cause instanceof DOMException && cause.name === "TimeoutError") return `no answer within ${patienceMs / 1000} s`;
  return "nobody answers at this address";
}
