import { proveFault } from "../prove-fault.ts";
import { startBlind } from "./start-blind.ts";

proveFault(startBlind);
