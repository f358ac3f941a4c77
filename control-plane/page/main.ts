import { render } from "preact";
import { endLogin } from "./oidc-login.ts";
import { pageView } from "./page-view.ts";
import { startPage } from "./start-page.ts";

const root = document.getElementById("page");
await endLogin();
if (root) startPage((state, actions) => render(pageView(state, actions), root));
