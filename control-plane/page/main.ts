import { render } from "preact";
import { endLogin } from "./oidc-login.ts";
import { pageView } from "./page-view.ts";
import { startPage } from "./start-page.ts";

const root = document.getElementById("page");
await endLogin();
// What was painted before there were scripts would stay below the page.
root?.replaceChildren();
if (root) startPage((state, actions) => render(pageView(state, actions), root));
