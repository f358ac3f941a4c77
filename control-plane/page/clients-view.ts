import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Client, ClientGroup, ClientStatus, Overview, TroubledClient, XdsType } from "./answers.ts";
import { h } from "./element.ts";
import type { Listed, PageState } from "./page-state.ts";
import { countText } from "./words.ts";

const types: readonly XdsType[] = ["CDS", "LDS", "EDS", "RDS"];
const signs: Readonly<Record<ClientStatus, string>> = { SYNCED: "●", STALE: "◐", NOT_SENT: "–", ERROR: "✕" };

/** Who is connected: groups with counts, those in trouble by name, and one group's clients one by one. */
export function clientsView({ address, listed }: PageState, { clients }: Pick<Overview, "clients">): VNode {
  if (clients.clients === 0) return noClients();
  const { synced, groups, troubled, troubledLeftOut } = clients;
  const { group } = address;
  return h("div", { class: "stack" }, [
    h("p", { class: "lead" }, [
      h("strong", {}, `${synced} of ${clients.clients}`),
      ` ${clients.clients === 1 ? "client has" : "clients have"} all that they are to have.`,
    ]),
    troubled.length === 0 ? undefined : troubles(troubled, troubledLeftOut),
    h("div", { class: "scroll" }, [
      h("table", {}, [
        h("caption", {}, "By place and kind"),
        h("thead", {}, h("tr", {}, [...["Locality", "Kind", "Clients"], ...types].map(column))),
        h(
          "tbody",
          {},
          groups.map((each) => groupRow(each, group)),
        ),
      ]),
    ]),
    group === undefined ? undefined : members(group, listed),
  ]);
}

export function groupName({ kind, role, locality }: Pick<ClientGroup, "kind" | "role" | "locality">): string {
  return `${kind} ${role} ${locality}`;
}

function groupRow(group: ClientGroup, chosen: string | undefined): VNode {
  const name = groupName(group);
  const isOpen = name === chosen;
  const href = isOpen ? "#clients" : `#clients?${new URLSearchParams({ group: name })}`;
  return h("tr", { key: name, class: isOpen ? "chosen" : "" }, [
    h(
      "th",
      { scope: "row" },
      h(
        "a",
        { href, "aria-expanded": isOpen ? "true" : "false" },
        group.locality === "" ? "no locality" : group.locality,
      ),
    ),
    h("td", {}, `${kindText(group.kind)} ${group.role}`),
    h("td", { class: "number" }, String(group.clients)),
    ...types.map((type) => h("td", { key: type }, countsOf(group.types[type]))),
  ]);
}

function countsOf(counts: ClientGroup["types"][XdsType]): readonly VNode[] {
  return (Object.keys(signs) as ClientStatus[]).flatMap((status) => {
    const count = counts[status];
    return count === undefined ? [] : [statusText(status, `${count} ${status}`)];
  });
}

function statusText(status: ClientStatus, says: string): VNode {
  return h("span", { class: `status ${status}`, key: status }, `${signs[status]} ${says}`);
}

function troubles(troubled: readonly TroubledClient[], leftOut: number): VNode {
  return h("div", { class: "scroll" }, [
    h("table", { class: "troubles" }, [
      h("caption", {}, `Not in step${leftOut > 0 ? ` (and ${leftOut} more)` : ""}`),
      h("thead", {}, h("tr", {}, ["Client", "Where", "Type", "State", "Its reason"].map(column))),
      h(
        "tbody",
        {},
        troubled.map(({ nodeId, kind, locality, type, status, ageSeconds, reason, rejected }) =>
          h("tr", { key: `${nodeId} ${type}` }, [
            h("th", { scope: "row" }, nodeId),
            h("td", {}, `${locality} ${kindText(kind)}`),
            h("td", {}, type),
            h("td", {}, statusText(status, `${status}, ${ageText(ageSeconds * 1000)}`)),
            h("td", { class: "reason" }, [rejected === undefined ? "" : `${rejected.join(", ")}: `, reason ?? ""]),
          ]),
        ),
      ),
    ]),
  ]);
}

/** No more rows than a browser draws every second without effort. */
const mostListed = 200;

function members(group: string, listed: Listed | undefined): VNode {
  if (listed === undefined || listed.group !== group) return h("p", { class: "quiet" }, "Asking for its clients…");
  const { clients, why } = listed;
  if (clients === undefined) return h("p", { class: "warning bad" }, why ?? "");
  const left = clients.length - mostListed;
  return h("div", { class: "scroll" }, [
    h("table", {}, [
      h(
        "caption",
        {},
        `${countText(clients.length, "client")}: ${group}${left > 0 ? `, the first ${mostListed}` : ""}`,
      ),
      h("thead", {}, h("tr", {}, [...["Client", "Software", "Connected"], ...types].map(column))),
      h("tbody", {}, clients.slice(0, mostListed).map(member)),
    ]),
  ]);
}

function member(client: Client): VNode {
  return h("tr", { key: `${client.nodeId} ${client.connectedAt}` }, [
    h("th", { scope: "row" }, client.nodeId),
    h("td", {}, `${client.agent}, ${client.protocol}`),
    h("td", { class: "number" }, ageText(client.connectedSeconds * 1000)),
    ...types.map((type) => {
      const { status, ageSeconds, reason } = client.types[type];
      return h("td", { key: type }, [
        statusText(status, `${status} ${ageText(ageSeconds * 1000)}`),
        reason === undefined ? "" : h("small", { class: "reason" }, reason),
      ]);
    }),
  ]);
}

export function kindText(kind: "envoy" | "grpc"): string {
  return kind === "envoy" ? "Envoy" : "gRPC";
}

/** How the first one is connected. */
export function noClients(): VNode {
  return h("section", { class: "empty" }, [
    h("h2", {}, "No client is connected yet"),
    h("p", {}, "An Envoy or a proxyless gRPC client that asks this control plane will stand here. To connect one:"),
    h("pre", { tabIndex: 0 }, [
      "weir bootstrap envoy --node-id edge-1 --locality dc-a/z1 > edge.yaml\n",
      "envoy -c edge.yaml\n\n",
      "weir bootstrap grpc --node-id billing-1 --locality dc-a/z1 > bootstrap.json\n",
      "GRPC_XDS_BOOTSTRAP=bootstrap.json node client.js",
    ]),
  ]);
}

function column(name: string): VNode {
  return h("th", { scope: "col", key: name }, name);
}
