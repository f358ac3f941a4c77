import { isIP } from "node:net";
import { ClusterSchema } from "@weir/proto/cluster.ts";
import type { Shape } from "../model/shape.ts";
import type { Name } from "../model/name.ts";
import {
  type Shape as Again,
  shape,
} from "../model/shape.ts";

export const late = () => import("../../../elsewhere.ts");
