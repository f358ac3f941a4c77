import { proveFault } from "../prove-fault.ts";
import { diskFull } from "./disk-full.ts";

proveFault(diskFull);
