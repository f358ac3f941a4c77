import { shape } from "../model/shape.ts";
import "node:fs";

export const text = shape;
