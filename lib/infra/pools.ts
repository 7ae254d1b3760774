// How the machines of each AWS pool are started: a launch template with the rendered bootstrap, and a role that may read
// what the bootstrap has to fetch and nothing else.
import { Stack, Token } from 'aws-cdk-lib';
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { CfnInstanceProfile, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ParameterValueType, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { render } from '../bootstrap/render';
import type { Pool, Spec } from '../core/model/spec';
import type { LaunchTemplate } from '../engine/ports';
import type { DeploymentOptions } from './options';
import { readParameters } from './permissions';

export type PoolsProps = {
  readonly spec: Spec;
  readonly options: Pick<DeploymentOptions, 'securityGroups' | 'rootDevice'>;
};

export class Pools extends Construct {
  readonly templates: Readonly<Record<string, LaunchTemplate>>;
  readonly role: Role;

  constructor(scope: Construct, id: string, { spec, options }: PoolsProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.role = new Role(this, 'AgentRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: `Agents of the Mesos cluster ${spec.cluster}: may read what their bootstrap fetches`,
    });
    const auth = spec.mesos.auth === undefined ? [] : [spec.mesos.auth];
    for (const statement of readParameters(stack, auth)) this.role.addToPolicy(statement);
    const profile = new CfnInstanceProfile(this, 'AgentProfile', {
      roles: [this.role.roleName],
      instanceProfileName: `muster-${spec.cluster}-agent`,
    });
    const here = spec.pools.filter((pool) => pool.cloud === 'aws');
    const elsewhere = here.filter(
      (pool) => !Token.isUnresolved(stack.region) && pool.region !== stack.region,
    );
    if (elsewhere.length > 0) {
      const names = elsewhere.map(({ name, region }) => `${name} (${region})`).join(', ');
      throw new Error(
        `The stack of ${spec.cluster} is in ${stack.region}, and these pools are not: ${names}. Deploy a muster.yaml for each region.`,
      );
    }
    this.templates = Object.fromEntries(
      here.map((pool) => [pool.name, this.#template(spec, pool, profile, options)]),
    );
  }

  #template(
    spec: Spec,
    pool: Pool,
    profile: CfnInstanceProfile,
    { securityGroups, rootDevice }: PoolsProps['options'],
  ): LaunchTemplate {
    const { userData, version } = render({ pool, spec });
    const image = imageOf(this, pool);
    const tags = [
      { key: 'muster:cluster', value: spec.cluster },
      { key: 'muster:pool', value: pool.name },
    ];
    const template = new CfnLaunchTemplate(this, `Template-${pool.name}`, {
      // Of the template alone: machines are tagged by the launch, and one that tags `spot-instances-request` could not
      // start on-demand machines.
      tagSpecifications: [{ resourceType: 'launch-template', tags }],
      launchTemplateData: {
        imageId: image,
        iamInstanceProfile: { arn: profile.attrArn },
        userData: Buffer.from(userData).toString('base64'),
        // Version 2 only. One hop more than the host's own, so that containers with a bridge network reach it too.
        metadataOptions: {
          httpTokens: 'required',
          httpEndpoint: 'enabled',
          httpPutResponseHopLimit: 2,
          instanceMetadataTags: 'enabled',
        },
        // A machine that shuts itself down is gone, and not a stopped one whose disk is paid for.
        instanceInitiatedShutdownBehavior: 'terminate',
        blockDeviceMappings: [
          {
            deviceName: rootDevice,
            ebs: {
              encrypted: true,
              volumeType: 'gp3',
              volumeSize: pool.rootDiskGib,
              deleteOnTermination: true,
            },
          },
        ],
        ...(securityGroups.length > 0 ? { securityGroupIds: [...securityGroups] } : {}),
      },
    });
    return { id: template.ref, version: template.attrLatestVersionNumber, bootstrap: version, image };
  }
}

/** A reference is resolved at deployment, so that the template and the functions mean the same image. */
const imageOf = (scope: Construct, pool: Pool): string => {
  if (!pool.image.startsWith('ssm:')) return pool.image;
  const path = pool.image.slice('ssm:'.length);
  return StringParameter.valueForTypedStringParameterV2(scope, path, ParameterValueType.AWS_EC2_IMAGE_ID);
};
