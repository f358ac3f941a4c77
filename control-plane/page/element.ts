import { type ComponentChild, h as create, type VNode } from "preact";

export type Child = ComponentChild | readonly Child[];

type Text = string | undefined;
type Amount = number | undefined;
type OnInput = (event: { readonly currentTarget: HTMLInputElement }) => void;

/**
 * The attributes that this page uses. Preact's own types of all that HTML and SVG know take the compiler minutes here.
 */
export type Attributes = {
  readonly key?: string | number;
  readonly ref?: (element: HTMLElement | null) => void;
  readonly class?: Text;
  readonly id?: string;
  readonly role?: "alert" | "status" | "dialog" | "group";
  readonly title?: Text;
  readonly href?: string;
  readonly tabIndex?: number;
  readonly style?: { readonly width: string };
  readonly scope?: "row" | "col";
  readonly colSpan?: number;
  readonly dateTime?: string;
  readonly "aria-label"?: string;
  readonly "aria-hidden"?: "true";
  readonly "aria-current"?: "page" | "true" | undefined;
  readonly "aria-expanded"?: "true" | "false";
  readonly "aria-pressed"?: "true" | "false";
  readonly type?: "button" | "submit" | "range" | "number" | "text" | "password" | "checkbox";
  readonly name?: string;
  readonly value?: string | number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly maxLength?: number;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly checked?: boolean;
  readonly selected?: boolean;
  readonly placeholder?: string;
  readonly autoComplete?: "off";
  readonly inputMode?: "decimal";
  readonly onClick?: (event: Event) => void;
  readonly onSubmit?: (event: Event) => void;
  readonly onInput?: OnInput;
  readonly onChange?: (event: { readonly currentTarget: HTMLSelectElement }) => void;
  // SVG
  readonly x?: number;
  readonly y?: number;
  readonly r?: number;
  readonly rx?: number;
  readonly width?: Amount;
  readonly height?: Amount;
  readonly d?: string;
  readonly viewBox?: string;
  readonly transform?: string;
  readonly focusable?: "false";
  readonly "stroke-width"?: number;
};

/** An element of HTML or SVG with its attributes and what is in it. */
export function h(name: string, attributes: Attributes, children?: Child): VNode {
  return create(name, attributes as Record<string, unknown>, children as ComponentChild) as VNode;
}
