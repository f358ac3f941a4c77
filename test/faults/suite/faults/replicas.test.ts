import { proveFault } from "../prove-fault.ts";
import { replicas } from "./replicas.ts";

proveFault(replicas);
