import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ClientView } from "../clients.ts";
import { clientConfigOf, clientConfigParts } from "./csds-config.ts";

/** So many resources take a few milliseconds; then others have their turn. */
const resourcesAtATime = 500;

/**
 * The status of clients as serialized ClientStatusResponses of about `mostBytes` at most; always at least one. A client that
 * does not fit into one goes on in the next, as another ClientConfig of the same node.
 */
export async function* statusPages(
  clients: readonly ClientView[],
  {
    contents,
    mostBytes,
    breathe,
  }: { readonly contents: boolean; readonly mostBytes: number; readonly breathe: () => Promise<unknown> },
): AsyncGenerator<Uint8Array, void> {
  let page: Uint8Array[] = [];
  let pageLength = 0;
  let worked = 0;
  for (const client of clients) {
    const { head, resources } = clientConfigParts(client, { contents });
    let parts: Uint8Array[] = [];
    let length = head.length;
    for (const resource of resources) {
      worked += 1;
      if (worked % resourcesAtATime === 0) await breathe();
      if (parts.length > 0 && length + resource.length > mostBytes) {
        if (page.length > 0) yield responseOf(page);
        yield responseOf([clientConfigOf(head, parts)]);
        [page, pageLength, parts, length] = [[], 0, [], head.length];
      }
      parts.push(resource);
      length += resource.length + lengthOfTag;
    }
    worked += 1;
    if (worked % resourcesAtATime === 0) await breathe();
    const config = clientConfigOf(head, parts);
    if (page.length > 0 && pageLength + config.length > mostBytes) {
      yield responseOf(page);
      [page, pageLength] = [[], 0];
    }
    page.push(config);
    pageLength += config.length + lengthOfTag;
  }
  yield responseOf(page);
}

/** Of a field of less than 2 MiB: its number and its length. */
const lengthOfTag = 4;
const configField = 1;

function responseOf(configs: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const config of configs) writer.tag(configField, WireType.LengthDelimited).bytes(config);
  return writer.finish();
}
