import { render } from "preact";
import { pageView } from "./page-view.ts";
import { startPage } from "./start-page.ts";

const root = document.getElementById("page");
if (root) startPage((state, actions) => render(pageView(state, actions), root));
