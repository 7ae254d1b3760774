// Reads a call of the v1 operator API and refuses it in Mesos' own words (recordings `error-v1.*`).
import { z } from 'zod';
import { readJson } from './mesos-json';

const id = z.object({ value: z.string() });
const ofAgent = z.object({ agent_id: id });
const int64 = z.union([z.number(), z.bigint()]);
const timeInfo = z.object({ nanoseconds: int64 });
const machine = z.object({ hostname: z.string().optional(), ip: z.string().optional() });
const machines = z.object({ machines: z.array(machine).default([]) });

const schedule = z.object({
  windows: z
    .array(
      z.object({
        machine_ids: z.array(machine).default([]),
        unavailability: z.object({ start: timeInfo, duration: timeInfo.optional() }),
      }),
    )
    .default([]),
});
export type Schedule = z.infer<typeof schedule>;
export type MachineList = z.infer<typeof machines>['machines'];

/** Members by which a call is shaped; anything else in it is ignored, as Mesos does. */
const callMembers = {
  type: z.string().optional(),
  drain_agent: z
    .object({
      agent_id: id,
      max_grace_period: z.object({ seconds: int64.optional(), nanos: int64.optional() }).optional(),
      mark_gone: z.boolean().optional(),
    })
    .optional(),
  deactivate_agent: ofAgent.optional(),
  reactivate_agent: ofAgent.optional(),
  mark_agent_gone: ofAgent.optional(),
  get_metrics: z.object({ timeout: timeInfo.optional() }).optional(),
  set_logging_level: z.object({ level: int64, duration: timeInfo }).optional(),
  update_maintenance_schedule: z
    .object({
      schedule,
    })
    .optional(),
  start_maintenance: machines.optional(),
  stop_maintenance: machines.optional(),
  teardown: z.object({ framework_id: id }).optional(),
};
const call = z.object(callMembers);
export type MesosCall = z.infer<typeof call> & { readonly type: string };

/** Every type that a 1.11 master knows; a call of another is refused as one without a type. */
const TYPES = new Set(
  `UNKNOWN GET_HEALTH GET_FLAGS GET_VERSION GET_METRICS GET_LOGGING_LEVEL SET_LOGGING_LEVEL LIST_FILES READ_FILE
  GET_STATE GET_AGENTS GET_FRAMEWORKS GET_EXECUTORS GET_OPERATIONS GET_TASKS GET_ROLES GET_WEIGHTS UPDATE_WEIGHTS
  GET_MASTER SUBSCRIBE RESERVE_RESOURCES UNRESERVE_RESOURCES CREATE_VOLUMES DESTROY_VOLUMES GROW_VOLUME SHRINK_VOLUME
  GET_MAINTENANCE_STATUS GET_MAINTENANCE_SCHEDULE UPDATE_MAINTENANCE_SCHEDULE START_MAINTENANCE STOP_MAINTENANCE
  GET_QUOTA UPDATE_QUOTA SET_QUOTA REMOVE_QUOTA TEARDOWN MARK_AGENT_GONE DRAIN_AGENT DEACTIVATE_AGENT
  REACTIVATE_AGENT`.split(/\s+/),
);

const SINCE_DRAINING = new Set(['DRAIN_AGENT', 'DEACTIVATE_AGENT', 'REACTIVATE_AGENT']);

/** Types that need the member of their own name in lower case. */
const NEEDS_MEMBER = new Set(
  `GET_METRICS SET_LOGGING_LEVEL UPDATE_MAINTENANCE_SCHEDULE START_MAINTENANCE STOP_MAINTENANCE TEARDOWN
  MARK_AGENT_GONE DRAIN_AGENT DEACTIVATE_AGENT REACTIVATE_AGENT`.split(/\s+/),
);

export type ReadCall =
  | { readonly ok: true; readonly call: MesosCall }
  | { readonly ok: false; readonly text: string };

/** A body of POST /api/v1; every refusal is a 400. */
export const readMesosCall = (body: string, canDrain: boolean): ReadCall => {
  const json = parse(body);
  if (json === NOT_JSON) return refuse('Failed to parse body into JSON: syntax error at line 1 near: ');
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refuse('Failed to convert JSON into Call protobuf: Expecting a JSON object');
  const faults: Faults = { kind: undefined, missing: [] };
  const converted = convert(call, json, { path: '', field: '', faults });
  if (faults.kind !== undefined) return refuse(`Failed to convert JSON into Call protobuf: ${faults.kind}`);
  if (faults.missing.length > 0)
    return refuse(
      `Failed to convert JSON into Call protobuf: Missing required fields: ${faults.missing.join(', ')}`,
    );
  return validate(call.parse(converted), canDrain);
};

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly text: string };

/** The body of POST /maintenance/schedule, whatever Content-Type it has (mesos-observed 36). */
export const readSchedule = (body: string): Read<Schedule> => readAs(schedule, 'object', body);

/** The body of POST /machine/down and /machine/up: a bare list. */
export const readMachines = (body: string): Read<MachineList> =>
  readAs(machines.shape.machines, 'array', body);

const readAs = <T>(schema: z.ZodType<T>, kind: 'object' | 'array', body: string): Read<T> => {
  const json = parse(body);
  if (json === NOT_JSON) return refuse('syntax error at line 1 near: ');
  if (kindOf(json) !== kind) return refuse('Unexpected JSON type parsed');
  const faults: Faults = { kind: undefined, missing: [] };
  const converted = convert(schema, json, { path: '', field: '', faults });
  if (faults.kind !== undefined) return refuse(faults.kind);
  if (faults.missing.length > 0) return refuse(`Missing required fields: ${faults.missing.join(', ')}`);
  return { ok: true, value: schema.parse(converted) };
};

const refuse = (text: string): { ok: false; text: string } => ({ ok: false, text });

const validate = (read: z.infer<typeof call>, canDrain: boolean): ReadCall => {
  const type = read.type ?? '';
  if (!TYPES.has(type) || (!canDrain && SINCE_DRAINING.has(type)))
    return refuse("Failed to validate master::Call: Expecting 'type' to be present");
  const member = type.toLowerCase();
  if (NEEDS_MEMBER.has(type) && !Object.entries(read).some(([name, value]) => name === member && value))
    return refuse(`Failed to validate master::Call: Expecting '${member}' to be present`);
  return { ok: true, call: { ...read, type } };
};

const NOT_JSON = Symbol('not JSON');

const parse = (body: string): unknown => {
  try {
    return readJson(body);
  } catch {
    return NOT_JSON;
  }
};

type Faults = { kind: string | undefined; readonly missing: string[] };
type Place = { readonly path: string; readonly field: string; readonly faults: Faults };

/** Turns JSON into what the schema wants by Mesos' rules: null is unset, text may stand for a number or a boolean. */
const convert = (schema: unknown, json: unknown, place: Place): unknown => {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodArray) {
    if (!Array.isArray(json)) return wrongKind(json, place);
    return json.map((item: unknown, index) =>
      convert(bare.element, item, { ...place, path: `${place.path}[${index}]` }),
    );
  }
  if (bare instanceof z.ZodObject) return convertObject(bare, json, place);
  if (bare instanceof z.ZodString) return typeof json === 'string' ? json : wrongKind(json, place);
  if (bare instanceof z.ZodBoolean) return convertBoolean(json, place);
  return convertNumber(json, place);
};

const convertObject = (schema: z.ZodObject, json: unknown, place: Place): unknown => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrongKind(json, place);
  const given = new Map<string, unknown>(Object.entries(json));
  const made: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.shape)) {
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const value = given.get(name);
    if (value !== undefined && value !== null)
      made[name] = convert(member, value, { ...place, path, field: name });
    else if (isRequired(member)) place.faults.missing.push(path);
  }
  return made;
};

const convertBoolean = (json: unknown, place: Place): unknown => {
  if (json === true || json === 'true') return true;
  if (json === false || json === 'false') return false;
  return wrongKind(json, place);
};

const convertNumber = (json: unknown, place: Place): unknown => {
  if (typeof json === 'number') return json;
  if (typeof json === 'string' && /^-?\d+$/.test(json)) return BigInt(json);
  return wrongKind(json, place);
};

const wrongKind = (json: unknown, { field, faults }: Place): undefined => {
  faults.kind ??= `Not expecting a JSON ${kindOf(json)} for field '${field}'`;
  return undefined;
};

const kindOf = (json: unknown): string => {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'array';
  return typeof json;
};

const isRequired = (schema: unknown): boolean =>
  !(schema instanceof z.ZodOptional || schema instanceof z.ZodDefault);

const unwrap = (schema: unknown): unknown => {
  let bare = schema;
  while (bare instanceof z.ZodOptional || bare instanceof z.ZodDefault) bare = bare.unwrap();
  return bare;
};
