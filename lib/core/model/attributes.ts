// Attributes of a Mesos agent: text, scalar or ranges. `rack:2` is a scalar and `zone:1a` is text, and
// Marathon compares a scalar by its `0.###` form, so both the parser and the form are Mesos' and Marathon's own
// (docs/attributes-resources.md of Mesos; Constraints.scala of Marathon; semantics §1.2, §2.5).

export type Range = { readonly begin: number; readonly end: number };
export type AttributeValue =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly Range[] };

export type Attributes = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ kind: 'text', value });

const SCALAR = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const RANGES = /^\[\s*\d+\s*-\s*\d+\s*(,\s*\d+\s*-\s*\d+\s*)*\]$/;

/** One attribute's value by Mesos' text grammar. Anything that is neither a number nor ranges is text. */
export const parseAttributeValue = (raw: string): AttributeValue => {
  const value = raw.trim();
  if (SCALAR.test(value)) return { kind: 'scalar', value: Math.round(Number(value) * 1000) / 1000 };
  if (!RANGES.test(value)) return { kind: 'text', value };
  const ranges = value
    .slice(1, -1)
    .split(',')
    .map((part) => {
      const [begin, end] = part.split('-').map(Number);
      return { begin: begin ?? 0, end: end ?? 0 };
    });
  return { kind: 'ranges', ranges };
};

/** `key:value;key:value` as given to an agent's `--attributes`. Entries without a colon are dropped. */
export const parseAttributes = (line: string): Attributes => {
  const found: Record<string, AttributeValue> = {};
  for (const entry of line.split(';')) {
    const colon = entry.indexOf(':');
    if (colon > 0) found[entry.slice(0, colon).trim()] = parseAttributeValue(entry.slice(colon + 1));
  }
  return found;
};

/** The text by which Marathon compares a value: at most three decimals, none trailing. */
export const attributeText = (value: AttributeValue): string => {
  switch (value.kind) {
    case 'text':
      return value.value;
    case 'scalar':
      return String(Math.round(value.value * 1000) / 1000);
    case 'ranges':
      return `[${value.ranges.map((range) => `${range.begin}-${range.end}`).join(',')}]`;
    default:
      return value satisfies never;
  }
};
