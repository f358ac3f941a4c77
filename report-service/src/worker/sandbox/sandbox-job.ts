import type { Parameters } from "../../model/report.ts";

/** What a sandbox is given, in one frame, once it has said that it is ready. */
export type SandboxJob = {
  readonly code: string;
  /** What the code is called in errors. */
  readonly file: string;
  readonly parameters: Parameters;
  /** Name and type of each column, in order. */
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly memoryBytes: number;
};
