import { createAndWork } from "./crash.ts";
import type { Connected } from "./place.ts";

const [module = "", argument = "", run = ""] = process.argv.slice(2);
const { connect } = (await import(module)) as { connect(argument: string): Promise<Connected> };
await createAndWork(await connect(argument), run);
