// What a new machine makes of its user data: base64, perhaps gzip, a `#cloud-config` whose `write_files` hold
// /etc/muster/agent.json. Everything that cloud-init or our bootstrap would stumble over is a problem here too, told in
// a line for the console.
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { z } from 'zod';

export const AGENT_FILE = '/etc/muster/agent.json';

const agentFile = z.object({
  cluster: z.string().min(1),
  pool: z.string().min(1),
  zk: z.string().optional(),
  masters: z.array(z.string()).optional(),
  role: z.string().optional(),
  attributes: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({}),
  resources: z.string().optional(),
  bootstrap: z.string().optional(),
});
/** What was rendered for the agent, as far as its registration depends on it. */
export type AgentFile = z.infer<typeof agentFile>;

export type Interpreted =
  | { readonly kind: 'agent'; readonly file: AgentFile }
  | { readonly kind: 'problem'; readonly text: string };

export const interpretUserData = (base64: string): Interpreted => {
  if (base64 === '') return problem('the instance has no user data');
  const text = unpack(Buffer.from(base64, 'base64'));
  if (text === undefined) return problem('the user data claims to be gzip and is not');
  if (!text.startsWith('#cloud-config')) return problem('the user data is not a #cloud-config');
  const files = writtenFiles(text);
  if (files === undefined) return problem('the cloud-config is not YAML with a list of write_files');
  const found = files.find((file) => file.path === AGENT_FILE);
  if (found === undefined) return problem(`write_files has no ${AGENT_FILE}`);
  const content = decode(found.content, found.encoding);
  if (content === undefined) return problem(`${AGENT_FILE} cannot be decoded as ${found.encoding ?? 'text'}`);
  return readAgentFile(content);
};

const problem = (text: string): Interpreted => ({ kind: 'problem', text });

const readAgentFile = (content: string): Interpreted => {
  const json = attempt((): unknown => JSON.parse(content));
  if (json === undefined) return problem(`${AGENT_FILE} is not JSON`);
  const parsed = agentFile.safeParse(json);
  if (parsed.success) return { kind: 'agent', file: parsed.data };
  const [issue] = parsed.error.issues;
  return problem(
    `${AGENT_FILE}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not as it should be'}`,
  );
};

const writeFiles = z.object({
  write_files: z
    .array(
      z.object({
        path: z.string(),
        content: z.union([z.string(), z.instanceof(Uint8Array)]).default(''),
        encoding: z.string().optional(),
      }),
    )
    .default([]),
});

const writtenFiles = (text: string): z.infer<typeof writeFiles>['write_files'] | undefined => {
  const parsed = writeFiles.safeParse(attempt((): unknown => parse(text, { version: '1.1' })));
  return parsed.success ? parsed.data.write_files : undefined;
};

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const unpack = (bytes: Buffer): string | undefined =>
  isGzip(bytes) ? attempt(() => gunzipSync(bytes).toString('utf8')) : bytes.toString('utf8');

/** cloud-init's names for encodings. A YAML `!!binary` arrives as bytes. */
const decode = (content: string | Uint8Array, encoding: string | undefined): string | undefined => {
  const bytes = Buffer.from(content);
  switch (encoding ?? 'text/plain') {
    case 'text/plain':
      return bytes.toString('utf8');
    case 'b64':
    case 'base64':
      return Buffer.from(bytes.toString('utf8'), 'base64').toString('utf8');
    case 'gz':
    case 'gzip':
      return unpack(bytes);
    case 'gz+b64':
    case 'gz+base64':
    case 'gzip+b64':
    case 'gzip+base64':
      return unpack(Buffer.from(bytes.toString('utf8'), 'base64'));
    default:
      return undefined;
  }
};

const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch {
    return undefined;
  }
};
