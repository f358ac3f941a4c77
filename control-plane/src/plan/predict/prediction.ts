import type { Locality } from "../../model/locality.ts";

/** Where the requests of one kind of client go. Shares and loads are parts of all its requests, from 0 to 1. */
export type Prediction = {
  readonly priorities: readonly PriorityShare[];
  /** In the order of priorities; those without a share too. */
  readonly localities: readonly LocalityShare[];
  readonly endpoints: readonly EndpointShare[];
  /** Of the first tries: those that no endpoint is found for, and those that go to one that fails. */
  readonly failed: number;
};

export type PriorityShare = {
  readonly priority: number;
  readonly load: number;
  /** Whether endpoints are used there whatever their health. */
  readonly panic: boolean;
};

export type LocalityShare = { readonly locality: Locality; readonly priority: number; readonly share: number };

export type EndpointShare = {
  /** `host:port`. */
  readonly address: string;
  readonly locality: Locality;
  readonly priority: number;
  readonly share: number;
};
