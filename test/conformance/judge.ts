import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import { createReferenceModel, type World } from "./reference-model.ts";
import { createRules } from "./rules.ts";
import type { Reply, Request, SimulatedClient } from "./simulated-client.ts";
import type { VersionBook } from "./version-book.ts";

/** Hears all that is said on one stream; `sent` and `quiet` throw when something is wrong. */
export type Judge = {
  heard(request: Request, now: number): void;
  sent(reply: Reply, world: World, now: number): void;
  /** What is to be served of this has changed. */
  edited(type: ResourceType, name: string): void;
  quiet(world: World, when: { readonly now: number; readonly waited: boolean }): void;
};

/** Knows every rule; each request is to have been answered before the next thing happens. */
export function createStrictJudge(client: SimulatedClient, versions: VersionBook): Judge {
  const model = createReferenceModel(client);
  return { heard: model.heard, edited: model.edited, ...createRules(model, versions) };
}
