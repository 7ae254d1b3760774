// Reads back what render wrote: how the emulated world learns what a machine was told.
import { parse } from 'yaml';
import { z } from 'zod';
import type { AgentConfig } from './agent-config';
import { AGENT_JSON } from './agent-config';

const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('baked') }),
  z.strictObject({
    kind: z.literal('repository'),
    url: z.string(),
    key: z.string().exactOptional(),
    packages: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('package'), url: z.string(), sha256: z.string() }),
  z.strictObject({ kind: z.literal('tarball'), url: z.string(), sha256: z.string() }),
  z.strictObject({ kind: z.literal('image'), image: z.string() }),
]);

export const agentConfigSchema = z.strictObject({
  cluster: z.string(),
  pool: z.string(),
  zk: z.string().exactOptional(),
  masters: z.array(z.string()),
  role: z.string(),
  attributes: z.record(z.string(), z.string()),
  resources: z.string().exactOptional(),
  bootstrap: z.string(),
  source: sourceSchema,
  auth: z.string().exactOptional(),
  image: z.string().exactOptional(),
});

const documentSchema = z.object({
  write_files: z.array(z.object({ path: z.string(), content: z.string() })),
});

/** The agent.json in a user data text. Throws an Error that says what is wrong where there is none to be read. */
export const agentConfigOf = (userData: string): AgentConfig => {
  if (!userData.startsWith('#cloud-config\n')) throw new Error('The user data is no #cloud-config document.');
  const document = documentSchema.safeParse(parse(userData, { version: '1.1' }));
  const file = document.data?.write_files.find(({ path }) => path === AGENT_JSON);
  if (file === undefined) throw new Error(`The user data writes no ${AGENT_JSON}.`);
  const config = agentConfigSchema.safeParse(JSON.parse(file.content));
  if (!config.success) throw new Error(`${AGENT_JSON} in the user data: ${z.prettifyError(config.error)}`);
  return config.data;
};
