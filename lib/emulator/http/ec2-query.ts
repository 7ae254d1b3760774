// Decodes EC2's query protocol: `A.1.B=x` into the objects of the model, checked against the action's shape.
import { z } from 'zod';
import { wireNames } from './ec2-request-shapes';

/** An error in EC2's own terms. */
export type Ec2Fault = { readonly status: number; readonly code: string; readonly message: string };

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Ec2Fault };

type Node = string | Map<string, Node>;

const NOT_PARAMETERS = new Set(['Action', 'Version']);

/**
 * Reads the parameters of one action. A name that the action does not have is `UnknownParameter`, one that it needs
 * is `MissingParameter`, a value of the wrong kind is `InvalidParameterValue`, all with status 400 as on AWS.
 */
export const decodeQuery = <T>(schema: z.ZodType<T>, parameters: URLSearchParams): Decoded<T> => {
  const tree = new Map<string, Node>();
  for (const [name, value] of parameters) {
    if (!NOT_PARAMETERS.has(name)) plant(tree, name.split('.'), value);
  }
  const unknown: string[] = [];
  const shaped = shape(schema, tree, { path: '', unknown });
  const [first] = unknown;
  if (first !== undefined) return refuse('UnknownParameter', `The parameter ${first} is not recognized`);
  const parsed = schema.safeParse(shaped);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fault: faultOf(parsed.error) };
};

const refuse = (code: string, message: string): { ok: false; fault: Ec2Fault } => ({
  ok: false,
  fault: { status: 400, code, message },
});

const plant = (tree: Map<string, Node>, path: readonly string[], value: string): void => {
  let at = tree;
  for (const step of path.slice(0, -1)) {
    const next = at.get(step);
    const branch = next instanceof Map ? next : new Map<string, Node>();
    at.set(step, branch);
    at = branch;
  }
  at.set(path.at(-1) ?? '', value);
};

type Trail = { readonly path: string; readonly unknown: string[] };

const shape = (schema: unknown, node: Node, trail: Trail): unknown => {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) return node instanceof Map ? shapeObject(bare, node, trail) : node;
  if (bare instanceof z.ZodArray) return node instanceof Map ? shapeList(bare, node, trail) : node;
  if (typeof node === 'string') return node;
  trail.unknown.push(`${trail.path}.${[...node.keys()].join('.')}`);
  return undefined;
};

const shapeObject = (schema: z.ZodObject, node: Map<string, Node>, trail: Trail): unknown => {
  const left = new Map(node);
  const made: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.shape)) {
    const wire = wireNameOf(name, member);
    const found = left.get(wire);
    left.delete(wire);
    if (found !== undefined) made[name] = shape(member, found, { ...trail, path: join(trail.path, wire) });
  }
  for (const name of left.keys()) trail.unknown.push(join(trail.path, name));
  return made;
};

const shapeList = (schema: z.ZodArray, node: Map<string, Node>, trail: Trail): unknown =>
  [...node]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([index, item]) => shape(schema.element, item, { ...trail, path: join(trail.path, index) }));

const wireNameOf = (name: string, member: unknown): string => {
  const bare = unwrap(member);
  return (bare instanceof z.ZodArray ? wireNames.get(bare)?.wire : undefined) ?? name;
};

const unwrap = (schema: unknown): unknown =>
  schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault ? schema.unwrap() : schema;

const join = (path: string, step: string): string => (path === '' ? step : `${path}.${step}`);

const faultOf = (error: z.ZodError): Ec2Fault => {
  const issue = error.issues[0];
  const name = issue?.path.map((step) => (typeof step === 'number' ? step + 1 : step)).join('.') ?? '';
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined;
  return isMissing
    ? { status: 400, code: 'MissingParameter', message: `The request must contain the parameter ${name}` }
    : { status: 400, code: 'InvalidParameterValue', message: `Invalid value for parameter ${name}` };
};
