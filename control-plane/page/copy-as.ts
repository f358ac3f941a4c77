import type { VNode } from "preact";
import { h } from "./element.ts";
import { headerText } from "./weir-api.ts";

/** A request of the page as others would make it. */
export type Request = {
  readonly method: "POST" | "PUT" | "DELETE" | "GET";
  readonly path: string;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** The same as it would be done in a terminal: by `weir`, where it has a command for that, and by curl. */
export function copyAs(weir: string | undefined, request: Request): VNode {
  const curl = curlOf(request, location.origin);
  return h("details", { class: "copy" }, [
    h("summary", {}, "As a command"),
    weir === undefined ? undefined : line("weir", weir),
    line("curl", curl),
  ]);
}

function line(name: string, text: string): VNode {
  return h("div", { key: name }, [
    h("pre", { tabIndex: 0, "aria-label": `As ${name}` }, text),
    h("button", { type: "button", "aria-label": `Copy for ${name}`, onClick: (event) => copy(event, text) }, "Copy"),
  ]);
}

/** `'it'\''s'`, as POSIX shells read it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function curlOf({ method, path, reason, headers = {}, body }: Request, origin: string): string {
  const all = { ...headers, ...(reason && { "x-weir-reason": reason }) };
  const flags = Object.entries(all).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const json = body === undefined ? [] : ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body))}`];
  return ["curl", "-X", method, quoted(`${origin}${path}`), ...flags, ...json].join(" ");
}

/** What a write from the page says of who and why. */
export function authorHeaders(reason: string): Record<string, string> {
  return { "x-weir-actor": headerText("page"), "x-weir-reason": headerText(reason) };
}

function copy(event: Event, text: string): void {
  const button = event.currentTarget;
  const said = (word: string) => {
    if (button instanceof HTMLElement) button.textContent = word;
  };
  // Browsers give a clipboard to pages of this machine and of https only.
  if (!navigator.clipboard) said("Select it, and copy");
  else
    navigator.clipboard.writeText(text).then(
      () => said("Copied"),
      () => said("Select it, and copy"),
    );
}
