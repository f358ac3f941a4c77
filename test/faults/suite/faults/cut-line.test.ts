import { proveFault } from "../prove-fault.ts";
import { cutLine } from "./cut-line.ts";

proveFault(cutLine);
