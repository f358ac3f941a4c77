import { proveFault } from "../prove-fault.ts";
import { wrongClock } from "./wrong-clock.ts";

proveFault(wrongClock);
