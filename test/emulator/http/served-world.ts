// A small world behind its HTTP faces, and ways to talk to it that change nothing of what is sent.
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { afterEach } from '@jest/globals';
import type { ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020';
import { z } from 'zod';
import { text } from '../../../lib/core/model/attributes';
import type { Offering, Shape } from '../../../lib/core/model/offering';
import type { ServedWorld, ServeOptions } from '../../../lib/emulator/http/serve-world';
import { serveWorld } from '../../../lib/emulator/http/serve-world';
import type { EmulatedWorld, WorldOptions } from '../../../lib/emulator/world';
import { createWorld } from '../../../lib/emulator/world';

export const START = Date.UTC(2026, 10, 24, 8);
export const ZONES = ['us-east-1a', 'us-east-1b'] as const;

const shape = (name: string, cpus: number, memGib: number): Shape => {
  const total = { cpuMilli: cpus * 1000, memMib: memGib * 1024, diskMib: 40_960, gpus: 0, ports: 1_001 };
  return { name, arch: 'amd64', total, allocatable: { ...total, memMib: total.memMib - 1_024 } };
};

export const SHAPES = [shape('m7i.large', 2, 8), shape('m7i.xlarge', 4, 16)];

export const PRICES: readonly Offering[] = SHAPES.flatMap((one, index) =>
  ZONES.flatMap((zone) =>
    (['spot', 'on-demand'] as const).map((market) => ({
      cloud: 'aws' as const,
      region: 'us-east-1',
      zone,
      shape: one.name,
      market,
      usdPerHour: (index + 1) * (market === 'spot' ? 0.04 : 0.1),
    })),
  ),
);

const open: ServedWorld[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((served) => served.close()));
});

export type Serving = ServedWorld & { readonly world: EmulatedWorld };

/** Closed after the test. */
export const serving = async (
  options: ServeOptions = {},
  worldOptions: Partial<WorldOptions> = {},
): Promise<Serving> => {
  const world = createWorld({ seed: 7, startAt: START, shapes: SHAPES, prices: PRICES, ...worldOptions });
  const served = await serveWorld(world, options);
  open.push(served);
  return { ...served, world };
};

/** An agent that is there already, with room for 4 cpus and 8 GiB. */
export const withAgent = (
  world: EmulatedWorld,
  number = 1,
  domain?: { readonly region: string; readonly zone: string },
): string =>
  world.mesos.addAgent({
    ...(domain === undefined ? {} : { domain }),
    hostname: `agent-${number}.example`,
    ip: `10.0.0.${number}`,
    attributes: { zone: text('us-east-1a'), pool: text('web'), rack: { kind: 'scalar', value: number } },
    total: { cpuMilli: 4_000, memMib: 8_192, diskMib: 40_960, gpus: 0, ports: 1_001 },
  });

export type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
export type Got = {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** Sends exactly these headers: no redirect is followed and no Content-Type is made up. */
export const send = (url: string, sent: Sent = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: sent.method ?? 'GET', headers: sent.headers ?? {}, agent: false },
      (incoming) => {
        const chunks: Uint8Array[] = [];
        incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            reason: incoming.statusMessage ?? '',
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(sent.body ?? '');
  });

export const call = (
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> =>
  send(`${url}/api/v1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Reads a stream until `enough` says so, while `meanwhile` moves the world; then hangs up. */
export const readStream = (
  url: string,
  sent: Sent,
  until: { readonly meanwhile: () => void; readonly enough: (text: string) => boolean },
): Promise<{
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  readonly ended: 'cut' | 'left';
}> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: sent.method ?? 'GET', headers: sent.headers ?? {}, agent: false },
      (incoming) => {
        let read = '';
        const finish = (ended: 'cut' | 'left'): void => {
          resolve({ text: read, headers: incoming.headers, ended });
          outgoing.destroy();
        };
        incoming.on('data', (chunk: Uint8Array) => {
          const isFirst = read === '';
          read += Buffer.from(chunk).toString('utf8');
          if (isFirst) until.meanwhile();
          if (until.enough(read)) finish('left');
        });
        incoming.on('error', () => {
          finish('cut');
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(sent.body ?? '');
  });

/** A validator for one root of a schema that is kept beside the tests. */
export const schemaOf = (file: string): ((root: string) => ValidateFunction) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  const text = readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), 'utf8');
  const schema = z.looseObject({ $id: z.string() }).parse(JSON.parse(text));
  ajv.addSchema(schema);
  return (root) => ajv.compile({ $ref: `${schema.$id}#/$defs/${root}` });
};
