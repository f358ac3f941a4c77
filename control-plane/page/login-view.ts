import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { h } from "./element.ts";
import type { PageState } from "./page-state.ts";

/** Where the server asks who one is: a token, for as long as this tab is open. */
export function loginView({ live }: PageState, actions: Actions): VNode {
  return h("section", { class: "empty", key: "login" }, [
    h("h2", {}, "This control plane asks who you are"),
    h("p", {}, live.kind === "current" ? "" : (live.why ?? "")),
    h(
      "form",
      {
        class: "apply",
        onSubmit: (event) => {
          event.preventDefault();
          const input = event.target instanceof HTMLFormElement ? event.target.elements.namedItem("token") : null;
          if (input instanceof HTMLInputElement) actions.logIn(input.value);
        },
      },
      [
        h("label", {}, [
          h("span", {}, "Token"),
          h("input", { type: "password", name: "token", required: true, autoComplete: "off" }),
        ]),
        h("button", { type: "submit", class: "primary" }, "Go on"),
      ],
    ),
    h("p", { class: "quiet" }, "It is kept by this tab alone and forgotten when that is closed."),
  ]);
}
