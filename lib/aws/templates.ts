// The launch template of a pool, for clusters that no CDK stack set up (`muster serve`, `npm start`). A definition makes
// one version: the version's description carries its hash, so that an unchanged pool changes nothing.
import { createHash } from 'node:crypto';
import type { LaunchTemplate as Ec2Template, RequestLaunchTemplateData, Tag } from '@aws-sdk/client-ec2';
import { Failure } from '../engine/failure';
import type { LaunchTemplate } from '../engine/ports';
import type { Ec2Connection, Ec2Connections } from './client';
import { failureOf } from './failures';
import { TAG, tagValue } from './translate';

export type TemplateDefinition = {
  readonly cluster: string;
  readonly pool: string;
  readonly region: string;
  /** An AMI id; references are resolved before (`resolveImage`). */
  readonly image: string;
  /** What a machine runs at its first boot, as text; at most 16,384 bytes (EC2). */
  readonly userData: string;
  /** Version of the bootstrap in the user data. */
  readonly bootstrap: string;
  /** Name or ARN. */
  readonly instanceProfile: string;
  /** Ids; the network's default group when empty. */
  readonly securityGroups: readonly string[];
  readonly rootDiskGib: number;
  /** The image's root device; asked of EC2 when absent. */
  readonly rootDevice?: string;
};

/**
 * The present version of the pool's launch template, made when there is none or when the definition has changed.
 * Two processes that start at once get the same version: the client token is a hash of what is asked and of the
 * version that it follows.
 * @throws Failure('permanent') when the user data is too long, the image is missing, or the template is someone else's.
 */
export const ensureTemplate = async (
  connections: Ec2Connections,
  definition: TemplateDefinition,
): Promise<LaunchTemplate> => {
  checkUserData(definition);
  const connection = await connections.in(definition.region);
  const doing = `Preparing the launch template of pool ${definition.pool} in ${definition.region}`;
  try {
    const device = definition.rootDevice ?? (await rootDeviceOf(connection, definition));
    const wanted = describe(definition, device);
    const present = (await find(connection, wanted)) ?? (await create(connection, wanted));
    checkOwner(definition, present);
    const version = await currentVersion(connection, present, wanted);
    const { bootstrap, image } = definition;
    return { id: present.LaunchTemplateId ?? '', version, bootstrap, image };
  } catch (error) {
    throw failureOf(error, { doing, nature: 'question' });
  }
};

/** EC2 counts the bytes before base64. */
const USER_DATA_BYTES = 16_384;

const checkUserData = ({ userData, pool }: TemplateDefinition): void => {
  const bytes = Buffer.byteLength(userData);
  if (bytes <= USER_DATA_BYTES) return;
  throw new Failure(
    'permanent',
    `The user data of pool ${pool} has ${bytes} bytes; EC2 takes ${USER_DATA_BYTES}.`,
    {
      code: 'UserDataTooLong',
      advice: 'Shorten the attributes of the pool, or move what they say into the image.',
    },
  );
};

type Wanted = {
  readonly name: string;
  readonly description: string;
  readonly data: RequestLaunchTemplateData;
  readonly tags: Tag[];
};

const describe = (definition: TemplateDefinition, rootDevice: string): Wanted => {
  const tags = [
    { Key: TAG.cluster, Value: definition.cluster },
    { Key: TAG.pool, Value: definition.pool },
  ];
  const data = templateData(definition, rootDevice, tags);
  return {
    // With slashes, so that cluster `a-b` with pool `c` is not cluster `a` with pool `b-c`.
    name: `muster/${definition.cluster}/${definition.pool}`,
    description: `muster ${digest(data)}`,
    data,
    tags,
  };
};

const templateData = (
  definition: TemplateDefinition,
  rootDevice: string,
  tags: Tag[],
): RequestLaunchTemplateData => ({
  ImageId: definition.image,
  UserData: Buffer.from(definition.userData).toString('base64'),
  IamInstanceProfile: definition.instanceProfile.startsWith('arn:')
    ? { Arn: definition.instanceProfile }
    : { Name: definition.instanceProfile },
  ...(definition.securityGroups.length === 0 ? {} : { SecurityGroupIds: [...definition.securityGroups] }),
  BlockDeviceMappings: [
    {
      DeviceName: rootDevice,
      Ebs: {
        Encrypted: true,
        DeleteOnTermination: true,
        VolumeType: 'gp3',
        VolumeSize: definition.rootDiskGib,
      },
    },
  ],
  // Version 2 of the metadata service only. Its answers may travel two hops because a task in a bridged container, and an
  // agent that is a container itself, is one hop further than the host. With tags in the metadata the bootstrap can read
  // its own without any permission.
  MetadataOptions: {
    HttpTokens: 'required',
    HttpEndpoint: 'enabled',
    HttpPutResponseHopLimit: 2,
    InstanceMetadataTags: 'enabled',
  },
  InstanceInitiatedShutdownBehavior: 'terminate',
  // Never `spot-instances-request`: a template that tags it cannot launch on-demand (cloud-apis §0.2b).
  TagSpecifications: [
    { ResourceType: 'instance', Tags: tags },
    { ResourceType: 'volume', Tags: tags },
  ],
});

// EC2 does not look the device up: a mapping under another name adds a disk and leaves the root as the image has it.
const rootDeviceOf = async (
  { sdk, reads }: Ec2Connection,
  { image, region, pool, rootDiskGib }: TemplateDefinition,
): Promise<string> => {
  const answer = await reads.send(new sdk.DescribeImagesCommand({ ImageIds: [image] }));
  const found = answer.Images?.[0];
  if (found?.RootDeviceName === undefined) {
    throw new Failure('permanent', `The image ${image} of pool ${pool} does not exist in ${region}.`, {
      code: 'InvalidAMIID.NotFound',
      advice: 'Give an image that this account may use in this region.',
    });
  }
  const root = found.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === found.RootDeviceName);
  const least = root?.Ebs?.VolumeSize ?? 0;
  if (least > rootDiskGib) {
    throw new Failure(
      'permanent',
      `The root disk of pool ${pool} has ${rootDiskGib} GiB; its image ${image} needs ${least} GiB.`,
      { code: 'RootDiskTooSmall', advice: 'Raise rootDisk of the pool.' },
    );
  }
  return found.RootDeviceName;
};

const find = async ({ sdk, reads }: Ec2Connection, { name }: Wanted): Promise<Ec2Template | undefined> => {
  const answer = await reads.send(
    new sdk.DescribeLaunchTemplatesCommand({ Filters: [{ Name: 'launch-template-name', Values: [name] }] }),
  );
  return answer.LaunchTemplates?.find(({ LaunchTemplateName }) => LaunchTemplateName === name);
};

const create = async (connection: Ec2Connection, wanted: Wanted): Promise<Ec2Template> => {
  const { sdk, effects } = connection;
  const made = await effects
    .send(
      new sdk.CreateLaunchTemplateCommand({
        LaunchTemplateName: wanted.name,
        VersionDescription: wanted.description,
        LaunchTemplateData: wanted.data,
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: wanted.tags }],
        ClientToken: digest([wanted.name, wanted.description, 0]),
      }),
    )
    .catch(async (error: unknown) => {
      // Somebody else made it in the meantime, with this definition or another.
      const failure = failureOf(error, { doing: `Creating ${wanted.name}`, nature: 'question' });
      if (!/AlreadyExists|IdempotentParameterMismatch/.test(failure.code)) throw failure;
      return { LaunchTemplate: await find(connection, wanted) };
    });
  if (made.LaunchTemplate?.LaunchTemplateId !== undefined) return made.LaunchTemplate;
  throw new Failure('transient', `EC2 does not show the launch template ${wanted.name} yet. Try again.`);
};

const checkOwner = ({ cluster }: TemplateDefinition, template: Ec2Template): void => {
  if (tagValue(template.Tags, TAG.cluster) === cluster) return;
  throw new Failure(
    'permanent',
    `The launch template ${template.LaunchTemplateName ?? ''} does not carry the tag ${TAG.cluster}=${cluster}.`,
    { code: 'ForeignTemplate', advice: 'It is not ours to change: rename or delete it.' },
  );
};

const currentVersion = async (
  { sdk, reads, effects }: Ec2Connection,
  { LaunchTemplateId, LatestVersionNumber }: Ec2Template,
  wanted: Wanted,
): Promise<string> => {
  const latest = await reads.send(
    new sdk.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['$Latest'] }),
  );
  const present = latest.LaunchTemplateVersions?.[0];
  if (present?.VersionDescription === wanted.description) return numberOf(present.VersionNumber, wanted);
  const after = present?.VersionNumber ?? LatestVersionNumber ?? 0;
  const made = await effects.send(
    new sdk.CreateLaunchTemplateVersionCommand({
      LaunchTemplateId,
      VersionDescription: wanted.description,
      LaunchTemplateData: wanted.data,
      ClientToken: digest([wanted.name, wanted.description, after]),
    }),
  );
  return numberOf(made.LaunchTemplateVersion?.VersionNumber, wanted);
};

const numberOf = (version: number | undefined, { name }: Wanted): string => {
  if (version !== undefined) return String(version);
  throw new Failure('transient', `EC2 gave no version of the launch template ${name}. Try again.`);
};

// Keys come in the order in which this file writes them, so equal definitions have equal text. 40 digits are less than
// the 64 that a client token may have.
const digest = (value: object): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 40);
