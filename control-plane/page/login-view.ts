import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { h } from "./element.ts";
import { beginLogin, loginFailure, loginWay } from "./oidc-login.ts";
import type { PageState } from "./page-state.ts";

/** Where the server asks who one is: by its OpenID provider, or with a token; for as long as this tab is open. */
export function loginView({ live }: PageState, actions: Actions): VNode {
  const way = loginWay();
  return h("section", { class: "empty", key: "login" }, [
    h("h2", {}, "This control plane asks who you are"),
    h("p", {}, loginFailure() ?? (live.kind === "current" ? "" : (live.why ?? ""))),
    way?.endpoints &&
      h("p", {}, [
        h("button", { type: "button", class: "primary", onClick: () => void beginLogin(way) }, [
          `Log in at ${new URL(way.issuer).host}`,
        ]),
      ]),
    way && !way.endpoints && h("p", {}, `${way.issuer} cannot be reached by this control plane now.`),
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
          h("span", {}, way ? "Or a token" : "Token"),
          h("input", { type: "password", name: "token", required: true, autoComplete: "off" }),
        ]),
        h("button", { type: "submit", class: "primary" }, "Go on"),
      ],
    ),
    h("p", { class: "quiet" }, "It is kept by this tab alone and forgotten when that is closed."),
  ]);
}
