import { proveFault } from "../prove-fault.ts";
import { killWhilePushing } from "./kill-while-pushing.ts";

proveFault(killWhilePushing);
