import { proveFault } from "../prove-fault.ts";
import { lostConsul } from "./lost-consul.ts";

proveFault(lostConsul);
