import type { Problem } from "../../lib/parsed.ts";
import type { ResourceType } from "../../snapshot/resource.ts";
import type { StreamNote } from "../conversation/conversation.ts";

type About = { readonly nodeId: string; readonly client: "envoy" | "grpc" };

/** What a stream tells, with who it is about. */
export type ClientNote =
  | ({
      readonly kind: "client-connected";
      readonly protocol: "sotw" | "delta";
      readonly agent: string;
      readonly peer: string;
    } & About)
  | ({
      readonly kind: "client-disconnected";
      readonly protocol: "sotw" | "delta";
      readonly peer: string;
      readonly forMs: number;
      readonly cause: string;
    } & About)
  /** A part of what it says of itself makes no sense and is passed over. */
  | ({ readonly kind: "client-misconfigured"; readonly problems: readonly Problem[] } & About)
  | { readonly kind: "client-refused"; readonly peer: string; readonly reason: string }
  /** Something threw for this client: its stream is ended, the others go on. */
  | {
      readonly kind: "client-failed";
      readonly peer: string;
      readonly nodeId: string | undefined;
      readonly cause: unknown;
    }
  /** A response was not answered in time: the stream is ended, and the client comes back. */
  | ({
      readonly kind: "client-slow";
      readonly peer: string;
      readonly type: ResourceType;
      readonly forMs: number;
    } & About)
  | (StreamNote & { readonly bytes?: number } & About);
