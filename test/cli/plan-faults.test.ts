// `muster plan` before masters and a Marathon that refuse, or answer by half.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ends, setting, TOKEN } from './serving';
import { run, type Said } from './terminal';
import { readFileSync } from 'node:fs';

const KEYS = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any', MARATHON: 'me:wrong' };
const before = Object.keys(KEYS).map((name) => [name, process.env[name]] as const);
beforeAll(() => {
  Object.assign(process.env, KEYS);
});
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

type Place = Awaited<ReturnType<typeof setting>>;
const planned = ({ file, served }: Place, change: (yaml: string) => string = (yaml) => yaml): Promise<Said> =>
  run(['plan', 'here.yaml', '--aws-endpoint', served.ec2Url], {
    'here.yaml': change(readFileSync(file, 'utf8')),
  });

describe('muster plan', () => {
  test('knows everything when all answer', async () => {
    expect(await planned(await setting())).toMatchObject({ code: 0, err: '' });
  });

  test('says that credentials are wrong, and whose', async () => {
    const place = await setting();
    place.served.faults.inject('marathon', { kind: 'status', status: 401 });
    const said = await planned(place, (yaml) =>
      yaml.replace('marathon:\n', 'marathon:\n  auth: env:MARATHON\n'),
    );
    expect(said.code).toBe(3);
    expect(said.out).toMatch(/Marathon's queue could not be read: .*answered 401/);
    expect(said.out).not.toContain('wrong');
  });

  test.each(['mesos', 'marathon'] as const)('takes half an answer of %s for none', async (service) => {
    const place = await setting();
    place.world.marathon.createApp({ id: '/a', cmd: 'sleep 1', cpus: 1, mem: 64, instances: 3 });
    place.served.faults.inject(service, { kind: 'truncate', bytes: 20 });
    const said = await planned(place);
    expect(said.code).toBe(3);
    expect(said.out).toMatch(/(cut short|broke off|could not be read)/);
  });

  test('makes no plan when a proxy answers for masters and Marathon, and the cloud not at all', async () => {
    const place = await setting();
    place.served.faults.inject('ec2', { kind: 'drop', when: 'before' });
    for (const service of ['mesos', 'marathon'] as const)
      place.served.faults.inject(service, { kind: 'status', status: 200, body: '<html>Log in</html>' });
    const said = await planned(place);
    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toContain('not a login page or a proxy');
    expect(said.err).not.toContain(TOKEN);
  });
});

test('nothing of a setting is left when a test ends', () => {
  expect(ends).toEqual([]);
});
