import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Ec2Connections } from '../../lib/aws/client';
import { ensureTemplate, type TemplateDefinition } from '../../lib/aws/templates';
import { CLOCK } from './requests';
import {
  ec2Error,
  type Received,
  type Reply,
  TEST_CREDENTIALS,
  type WireServer,
  wireServer,
} from './wire-server';

const DEFINITION: TemplateDefinition = {
  cluster: 'c1',
  pool: 'web',
  region: 'us-east-1',
  image: 'ami-1',
  userData: '#!/bin/sh\necho hello\n',
  bootstrap: 'b-1',
  instanceProfile: 'arn:aws:iam::123:instance-profile/agent',
  securityGroups: ['sg-1'],
  rootDiskGib: 40,
};

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

type Store = {
  owner: string;
  exists: boolean;
  /** Hides the template from the next listing, as EC2 may just after it was made. */
  hidden: boolean;
  readonly versions: string[];
  readonly tokens: Map<string, number>;
};

/** One launch template and one image, in EC2's wire format. */
const templateServer = async (
  interfere: (request: Received, store: Store) => Reply | undefined = () => undefined,
): Promise<{
  server: WireServer;
  store: Store;
  ensure: (more?: Partial<TemplateDefinition>) => ReturnType<typeof ensureTemplate>;
}> => {
  const store: Store = { owner: 'c1', exists: false, hidden: false, versions: [], tokens: new Map() };
  const server = await wireServer((request) => interfere(request, store) ?? answerOf(store, request));
  const connections = new Ec2Connections({
    clock: CLOCK,
    endpoint: server.endpoint,
    credentials: TEST_CREDENTIALS,
  });
  open.push(server, connections);
  return { server, store, ensure: (more = {}) => ensureTemplate(connections, { ...DEFINITION, ...more }) };
};

const answerOf = (store: Store, { action, form }: Received): Reply => {
  const reply = (content: string): Reply => ({ body: `<${action}Response>${content}</${action}Response>` });
  const template = `<launchTemplateId>lt-1</launchTemplateId><launchTemplateName>muster/c1/web</launchTemplateName><latestVersionNumber>${store.versions.length}</latestVersionNumber><tagSet><item><key>muster:cluster</key><value>${store.owner}</value></item></tagSet>`;
  const version = (n: number): string =>
    `<launchTemplateId>lt-1</launchTemplateId><versionNumber>${n}</versionNumber><versionDescription>${store.versions[n - 1]}</versionDescription>`;
  switch (action) {
    case 'DescribeImages':
      return reply(
        '<imagesSet><item><imageId>ami-1</imageId><rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/sda1</deviceName><ebs><volumeSize>8</volumeSize></ebs></item></blockDeviceMapping></item></imagesSet>',
      );
    case 'DescribeLaunchTemplates': {
      const isShown = store.exists && !store.hidden;
      store.hidden = false;
      return reply(`<launchTemplates>${isShown ? `<item>${template}</item>` : ''}</launchTemplates>`);
    }
    case 'CreateLaunchTemplate':
      if (store.exists) return ec2Error('InvalidLaunchTemplateName.AlreadyExistsException');
      store.exists = true;
      store.versions.push(form['VersionDescription'] ?? '');
      return reply(`<launchTemplate>${template}</launchTemplate>`);
    case 'DescribeLaunchTemplateVersions':
      return reply(
        `<launchTemplateVersionSet><item>${version(store.versions.length)}</item></launchTemplateVersionSet>`,
      );
    case 'CreateLaunchTemplateVersion': {
      const token = form['ClientToken'] ?? '';
      const number = store.tokens.get(token) ?? store.versions.push(form['VersionDescription'] ?? '');
      store.tokens.set(token, number);
      return reply(`<launchTemplateVersion>${version(number)}</launchTemplateVersion>`);
    }
    default:
      return ec2Error('InvalidAction');
  }
};

test('a pool gets a template with version 1, and the same again as long as nothing changes', async () => {
  const { store, ensure } = await templateServer();
  const first = await ensure();
  expect(first).toEqual({ id: 'lt-1', version: '1', bootstrap: 'b-1', image: 'ami-1' });
  expect(await ensure()).toEqual(first);
  expect(store.versions).toHaveLength(1);
});

test('every change of the definition makes one more version', async () => {
  const { ensure } = await templateServer();
  await ensure();
  const changes: Partial<TemplateDefinition>[] = [
    { image: 'ami-2' },
    { userData: '#!/bin/sh\n' },
    { rootDiskGib: 50 },
    { securityGroups: ['sg-2'] },
    { instanceProfile: 'agent' },
  ];
  const versions: string[] = [];
  for (const change of changes) versions.push((await ensure(change)).version);
  expect(versions).toEqual(['2', '3', '4', '5', '6']);
  expect((await ensure()).version).toBe('7');
});

test('a definition that comes back later gets a version of its own', async () => {
  const { ensure } = await templateServer();
  const versions: string[] = [];
  for (const rootDiskGib of [40, 50, 40, 50]) versions.push((await ensure({ rootDiskGib })).version);
  expect(versions).toEqual(['1', '2', '3', '4']);
});

test('two that change it at once from the same version get the same version', async () => {
  const { store, ensure } = await templateServer();
  await ensure();
  const [one, two] = await Promise.all([ensure({ rootDiskGib: 50 }), ensure({ rootDiskGib: 50 })]);
  expect([one.version, two.version]).toEqual(['2', '2']);
  expect(store.versions).toHaveLength(2);
});

test('a template that somebody else made in the meantime is used', async () => {
  const { store, ensure } = await templateServer();
  await ensure();
  store.hidden = true;
  expect(await ensure()).toMatchObject({ id: 'lt-1', version: '1' });
});

test('what is asked for is safe by default: metadata version 2, an encrypted root, tags', async () => {
  const { server, ensure } = await templateServer();
  await ensure();
  const form = server.received.find(({ action }) => action === 'CreateLaunchTemplate')?.form ?? {};
  expect(form).toMatchObject({
    LaunchTemplateName: 'muster/c1/web',
    'LaunchTemplateData.ImageId': 'ami-1',
    'LaunchTemplateData.IamInstanceProfile.Arn': DEFINITION.instanceProfile,
    'LaunchTemplateData.SecurityGroupId.1': 'sg-1',
    'LaunchTemplateData.UserData': Buffer.from(DEFINITION.userData).toString('base64'),
    'LaunchTemplateData.MetadataOptions.HttpTokens': 'required',
    'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit': '2',
    'LaunchTemplateData.BlockDeviceMapping.1.DeviceName': '/dev/sda1',
    'LaunchTemplateData.BlockDeviceMapping.1.Ebs.Encrypted': 'true',
    'LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeType': 'gp3',
    'LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize': '40',
    'LaunchTemplateData.TagSpecification.1.ResourceType': 'instance',
    'LaunchTemplateData.TagSpecification.2.ResourceType': 'volume',
    'TagSpecification.1.ResourceType': 'launch-template',
    'TagSpecification.1.Tag.1.Key': 'muster:cluster',
    'TagSpecification.1.Tag.1.Value': 'c1',
  });
  expect(form['ClientToken']).toMatch(/^[0-9a-f]{40}$/);
  expect(Object.values(form)).not.toContain('spot-instances-request');
  expect(Object.keys(form).filter((key) => key.includes('MarketOptions'))).toEqual([]);
});

test('its parameters have the names of the recorded ones', async () => {
  const { server, ensure } = await templateServer();
  await ensure();
  const recorded = await readFile(
    new URL('../fixtures/aws-wire/create-launch-template.request.txt', import.meta.url),
    'utf8',
  );
  const names = new Set(
    recorded.split('\n').map((line) => (line.replace(/^&/, '').split('=')[0] ?? '').replace(/\.\d+/g, '.N')),
  );
  const form = server.received.find(({ action }) => action === 'CreateLaunchTemplate')?.form ?? {};
  const unseen = Object.keys(form).filter((key) => !names.has(key.replace(/\.\d+/g, '.N')));
  // The recording has its groups on a network interface, and no description.
  expect(unseen.sort()).toEqual(['LaunchTemplateData.SecurityGroupId.1', 'VersionDescription']);
});

test('user data that is too long is refused with its size before anything is sent', async () => {
  const { server, ensure } = await templateServer();
  await expect(ensure({ userData: 'é'.repeat(8_193) })).rejects.toMatchObject({
    kind: 'permanent',
    message: expect.stringMatching(/16386 bytes; EC2 takes 16384/),
  });
  expect(server.received).toEqual([]);
  expect(await ensure({ userData: 'é'.repeat(8_192) })).toMatchObject({ version: '1' });
});

test('a template of the same name without our tag is left alone', async () => {
  const { store, ensure } = await templateServer();
  await ensure();
  store.owner = 'c2';
  await expect(ensure({ rootDiskGib: 50 })).rejects.toMatchObject({
    kind: 'permanent',
    code: 'ForeignTemplate',
  });
  expect(store.versions).toHaveLength(1);
});

test('an image that is missing, or larger than the disk, is named', async () => {
  const { ensure } = await templateServer(({ action, form }) =>
    action === 'DescribeImages' && form['ImageId.1'] === 'ami-9'
      ? ec2Error('InvalidAMIID.NotFound', "The image id '[ami-9]' does not exist")
      : undefined,
  );
  await expect(ensure({ image: 'ami-9' })).rejects.toMatchObject({
    kind: 'permanent',
    message: expect.stringMatching(/pool web in us-east-1.*ami-9.*Give an image/),
  });
  await expect(ensure({ rootDiskGib: 4 })).rejects.toMatchObject({
    message: expect.stringMatching(/4 GiB.*needs 8 GiB/),
  });
});
