import type { ServiceName } from "../../model/names.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Prediction } from "./prediction.ts";
import type { Request } from "./request.ts";
import type { WhatIf } from "./what-if.ts";

/** A request of a client, and what else is to be said of it. */
export type Question = {
  readonly viewer: Viewer;
  /** What is dialled, like `report`; undefined where there is only one that it can be. */
  readonly host: string | undefined;
  readonly request: Request;
  /** None: what if each data center of the service died. */
  readonly ifs: readonly WhatIf[];
};

/** Shares are parts of all such requests, from 0 to 1. */
export type Explanation = {
  readonly host: string;
  readonly destinations: readonly Destination[];
  readonly mirrors: readonly Mirror[];
  /** What no route takes. */
  readonly unmatched: number;
  /** What a rule takes whose services the client cannot call. */
  readonly refused: number;
};

/** Nobody has the host that is dialled, or none is said and several could be meant. */
export type NoEntrance = { readonly hosts: readonly string[] };

/** A rule of a Route that takes requests; one without a name by its number, from 0. */
export type TakenBy = { readonly route: string; readonly rule: string };

/** A service, or a subset of it, that requests go to, and how they get there. */
export type Destination = {
  readonly share: number;
  /** Undefined: no rule takes them. */
  readonly by: TakenBy | undefined;
  readonly service: ServiceName;
  readonly subset: string | undefined;
  readonly cluster: string;
  /** Of these requests, what a fault of the rule ends before they get anywhere; predictions are of the others. */
  readonly aborted: number;
  /** What else becomes of them, in words. */
  readonly notes: readonly string[];
  readonly now: Prediction;
  readonly ifs: readonly Scenario[];
};

export type Scenario = {
  readonly says: string;
  /** How many endpoints of the service it happens to. */
  readonly affected: number;
  readonly prediction: Prediction;
};

/** Where copies of requests go. */
export type Mirror = { readonly share: number; readonly by: TakenBy; readonly cluster: string };
