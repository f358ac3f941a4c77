/** A piece of work in a trace. `traceparent` (W3C) is what its own calls and jobs take as their parent. */
export type Span = {
  readonly traceparent: string;
  /** `failure` is what went wrong; without one the work succeeded. */
  end(attributes: SpanAttributes, failure?: string): void;
};

export type SpanAttributes = { readonly [name: string]: string | number };

export type Tracer = {
  start(span: {
    readonly name: string;
    readonly kind: "server" | "consumer";
    readonly parent: string | undefined;
    readonly attributes: SpanAttributes;
  }): Span;
};
