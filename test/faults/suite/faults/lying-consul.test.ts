import { proveFault } from "../prove-fault.ts";
import { lyingConsul } from "./lying-consul.ts";

proveFault(lyingConsul);
