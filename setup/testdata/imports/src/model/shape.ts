import { text } from "../lib/text.ts";
export { other } from "./other.ts";

/** What is imported from "elsewhere" is no import. */
export const shape = text;
