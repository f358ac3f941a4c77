import { clone, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { Parsed } from "../model/parsed.ts";

/** Leaves what a client asked for. */
export type Masking<D extends DescMessage> = (message: MessageShape<D>) => MessageShape<D>;

/** A read mask as in https://google.aip.dev/157, of whole fields of the message itself; undefined where all are wanted. */
export function parseReadMask<D extends DescMessage>(
  schema: D,
  mask: FieldMask | undefined,
): Parsed<Masking<D> | undefined> {
  const paths = mask?.paths ?? [];
  if (paths.length === 0 || paths.includes("*")) return { ok: true, value: undefined };
  const unknown = paths.filter((path) => !schema.fields.some(({ name }) => name === path));
  if (unknown.length > 0) {
    const says = `must name fields of ${schema.name}, such as ${schema.fields.at(0)?.name}; it has no`;
    return {
      ok: false,
      problems: unknown.map((path) => ({ at: "read_mask", says: `${says} "${path.slice(0, 100)}"` })),
    };
  }
  const unwanted = schema.fields.filter(({ name }) => !paths.includes(name));
  return {
    ok: true,
    value(message) {
      const copy = clone(schema, message);
      for (const field of unwanted) reflect(schema, copy).clear(field);
      return copy;
    },
  };
}
