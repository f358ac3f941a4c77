import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";

const names = new Map<number, string>(Object.entries(State).map(([name, value]) => [Number(value), name]));

/** The wire's name of a report's state, such as SUCCEEDED. */
export function stateName(state: State): string {
  return names.get(state) ?? String(state);
}
