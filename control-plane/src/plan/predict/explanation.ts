import type { Locality } from "../../model/locality.ts";
import type { ServiceName } from "../../model/names.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Prediction } from "./prediction.ts";
import type { WhatIf } from "./what-if.ts";

/** A request of a client, and what else is to be said of it. */
export type Question = {
  readonly flavour: Viewer["flavour"];
  readonly from: Locality;
  /** What is dialled: `report`. */
  readonly host: string;
  /** `/report.v1.Reports/CreateReport`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** None: what if each data center of the service died. */
  readonly ifs: readonly WhatIf[];
};

/** Shares are parts of all such requests, from 0 to 1. */
export type Explanation = {
  readonly destinations: readonly Destination[];
  /** What no route takes. */
  readonly unmatched: number;
};

/** A service that requests go to, and how they get there. */
export type Destination = {
  readonly share: number;
  readonly service: ServiceName;
  readonly cluster: string;
  readonly now: Prediction;
  readonly ifs: readonly Scenario[];
};

export type Scenario = {
  readonly says: string;
  /** How many endpoints of the service it happens to. */
  readonly affected: number;
  readonly prediction: Prediction;
};
