import { problemText } from "../lib/parsed.ts";
import type { AdsNote } from "../serve/ads-server.ts";
import type { SnapshotNote } from "../snapshot/snapshots.ts";
import type { Rows } from "./row.ts";
import { causeText, rounded, shortened } from "./text.ts";

/** What is published, and what clients do with it. */
export const clientRows: Rows<SnapshotNote | AdsNote> = {
  published: {
    level: "debug",
    says: ({ viewer, changed, removed }) => `${viewer}: ${changed} resources changed, ${removed} removed`,
    fields: ({ viewer, revision, changed, removed, tookMs }) => ({
      component: "snapshot",
      revision,
      viewer,
      changed,
      removed,
      tookMs: rounded(tookMs),
    }),
    counts: ({ tookMs }, { buildSeconds }) => buildSeconds.observe(tookMs / 1000),
  },
  withheld: {
    level: "error",
    says: ({ viewer, cause }) =>
      `${viewer} keeps its last snapshot, the new one could not be made: ${causeText(cause)}`,
    fields: ({ viewer, revision, cause }) => ({ component: "snapshot", revision, viewer, stack: cause.stack }),
    counts: (_note, { withheld }) => withheld.inc(),
  },
  "left-out": {
    level: "warn",
    says: ({ service, viewer, problems }) =>
      `${service} is left out for ${viewer}: ${problems.map(problemText).join("; ")}`,
    fields: ({ viewer, service }) => ({ component: "translate", viewer, service }),
    again: ({ viewer, service, problems }) => `${viewer} ${service} ${problems.map(problemText).join()}`,
  },
  "patch-left-out": {
    level: "warn",
    says: ({ patch, viewer, problems }) =>
      `Patch ${patch} is left out for ${viewer}: ${problems.map(problemText).join("; ")}`,
    fields: ({ viewer, patch }) => ({ component: "translate", viewer, patch }),
    again: ({ viewer, patch, problems }) => `${viewer} ${patch} ${problems.map(problemText).join()}`,
  },
  dangling: {
    level: "warn",
    says: ({ viewer, from, to }) => `${viewer}: ${from} names ${to}, which is not there`,
    fields: ({ viewer, from, to }) => ({ component: "snapshot", viewer, from, to }),
    again: ({ viewer, from, to }) => `${viewer} ${from} ${to}`,
  },
  "client-connected": {
    level: "info",
    says: ({ agent, protocol, peer }) => `${agent} connected from ${peer} (${protocol})`,
    fields: ({ nodeId, client, protocol, peer }) => ({ component: "xds", node: nodeId, client, protocol, peer }),
  },
  "client-disconnected": {
    level: "info",
    says: ({ forMs, cause }) => `client gone after ${Math.round(forMs / 1000)} s: ${shortened(cause)}`,
    fields: ({ nodeId, client, protocol, peer, forMs }) => ({
      component: "xds",
      node: nodeId,
      client,
      protocol,
      peer,
      forMs: rounded(forMs),
    }),
    counts: ({ forMs }, { streamSeconds }) => streamSeconds.observe(forMs / 1000),
  },
  "client-misconfigured": {
    level: "warn",
    says: ({ problems }) => `passed over: ${problems.map(problemText).join("; ")}`,
    fields: ({ nodeId, client }) => ({ component: "xds", node: nodeId, client }),
    again: ({ nodeId, problems }) => `${nodeId} ${problems.map(problemText).join()}`,
  },
  "client-refused": {
    level: "warn",
    says: ({ peer, reason }) => `client at ${peer} refused: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "xds", peer }),
    counts: (_note, { refusedClients }) => refusedClients.inc(),
  },
  "client-failed": {
    level: "error",
    says: ({ cause }) => `the stream of a client is ended by a fault of ours: ${faultText(cause)}`,
    fields: ({ peer, nodeId, cause }) => ({
      ...{ component: "xds", peer, node: nodeId },
      stack: cause instanceof Error ? cause.stack : undefined,
    }),
    counts: (_note, { failedClients }) => failedClients.inc(),
    again: ({ cause }) => faultText(cause),
  },
  "connections-refused": {
    level: "warn",
    says: ({ count, peer, says }) => refusedText("connection", count, peer, says),
    fields: ({ count, reasons, peer }) => ({ component: "xds", count, ...reasons, peer }),
    counts: ({ reasons }, { refusedConnections }) => {
      for (const [reason, count] of Object.entries(reasons)) refusedConnections.inc({ reason }, count);
    },
  },
  "streams-refused": {
    level: "warn",
    says: ({ count, peer, says }) => refusedText("stream", count, peer, says),
    fields: ({ count, reasons, peer }) => ({ component: "xds", count, ...reasons, peer }),
    counts: ({ reasons }, { refusedStreams }) => {
      for (const [reason, count] of Object.entries(reasons)) refusedStreams.inc({ reason }, count);
    },
  },
  "client-slow": {
    level: "warn",
    says: ({ type, forMs }) =>
      `client did not answer the ${type} for ${Math.round(forMs / 1000)} s; its stream is ended`,
    fields: ({ nodeId, client, peer, type, forMs }) => ({ component: "xds", node: nodeId, client, peer, type, forMs }),
  },
  subscribed: {
    level: "debug",
    says: ({ names }) => `client asks for ${names === "all" ? "all resources" : `${names} names`}`,
    fields: ({ nodeId, type, names, client }) => ({ component: "xds", node: nodeId, type, names, client }),
  },
  sent: {
    level: "debug",
    says: ({ resources, removed }) => `sent ${resources} resources, removed ${removed}`,
    fields: ({ nodeId, type, version, nonce, revision, resources, removed, bytes, client }) => ({
      ...{ component: "xds", node: nodeId, type, version, nonce, revision },
      ...{ resources, removed, bytes, client },
    }),
    counts: ({ type, bytes }, { pushes, responseBytes }) => {
      pushes.inc({ type });
      if (bytes !== undefined) responseBytes.observe({ type }, bytes);
    },
  },
  acked: {
    level: "debug",
    says: () => "client accepted",
    fields: ({ nodeId, type, version, nonce, client }) => ({
      component: "xds",
      node: nodeId,
      type,
      version,
      nonce,
      client,
    }),
    counts: ({ type }, { acks }) => acks.inc({ type }),
  },
  rejected: {
    level: "warn",
    says: ({ reason }) => `client rejected and keeps what it had: ${shortened(reason)}`,
    fields: ({ nodeId, type, version, nonce, names, client }) => ({
      ...{ component: "xds", node: nodeId, type, version, nonce },
      ...{ names: names.slice(0, 20), client },
    }),
    counts: ({ type }, { nacks }) => nacks.inc({ type }),
  },
  "stale-nonce": {
    level: "debug",
    says: () => "client answered a response that is no longer the newest",
    fields: ({ nodeId, type, nonce, client }) => ({
      component: "xds",
      node: nodeId,
      type,
      nonce: shortened(nonce),
      client,
    }),
  },
  "unknown-type": {
    level: "warn",
    says: ({ typeUrl }) => `client asks for ${shortened(typeUrl)}, which is not served`,
    fields: ({ nodeId, typeUrl, client }) => ({ component: "xds", node: nodeId, type: shortened(typeUrl), client }),
    again: ({ nodeId, typeUrl }) => `${nodeId} ${shortened(typeUrl)}`,
  },
};

function faultText(cause: unknown): string {
  return cause instanceof Error ? causeText(cause) : shortened(String(cause));
}

function refusedText(what: string, count: number, peer: string, says: string): string {
  return count === 1
    ? `the ${what} of ${peer} is refused: ${shortened(says)}`
    : `${count} ${what}s are refused; the last, of ${peer}: ${shortened(says)}`;
}
