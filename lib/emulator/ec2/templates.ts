// Launch templates: immutable numbered versions.
import { AwsFailure } from '../aws-failure';
import { iso } from '../base';
import type {
  CreateLaunchTemplateInput,
  CreateLaunchTemplateVersionInput,
  DescribeLaunchTemplatesInput,
  DescribeLaunchTemplateVersionsInput,
  LaunchTemplate,
  LaunchTemplateData,
  LaunchTemplateVersion,
  TemplateName,
  TemplateSpecification,
} from './api';
import type { Cloud, Template } from './cloud';
import { once } from './cloud';
import { paged, matchesFilters, tagList } from './filters';

const USER_DATA_BYTES = 16_384;

export const createTemplate = (
  cloud: Cloud,
  input: CreateLaunchTemplateInput,
): { LaunchTemplate: LaunchTemplate } =>
  once(cloud, 'CreateLaunchTemplate', input, () => {
    const name = input.LaunchTemplateName;
    if (byName(cloud, name) !== undefined) {
      throw new AwsFailure(
        'InvalidLaunchTemplateName.AlreadyExistsException',
        `Launch template name already in use.`,
      );
    }
    checkData(input.LaunchTemplateData);
    const now = cloud.base.timeline.now();
    const tags = (input.TagSpecifications ?? []).filter((spec) => spec.ResourceType === 'launch-template');
    const template: Template = {
      id: `lt-0${cloud.base.dice.hex('launch-template', 16)}`,
      name,
      createdAt: now,
      tags: new Map(tags.flatMap((spec) => spec.Tags.map((tag) => [tag.Key, tag.Value]))),
      versions: [version(1, now, input)],
    };
    cloud.templates.set(template.id, template);
    return { LaunchTemplate: templateRow(template) };
  });

export const createTemplateVersion = (
  cloud: Cloud,
  input: CreateLaunchTemplateVersionInput,
): { LaunchTemplateVersion: LaunchTemplateVersion } =>
  once(cloud, 'CreateLaunchTemplateVersion', input, () => {
    const template = findTemplate(cloud, input);
    checkData(input.LaunchTemplateData);
    const made = version(template.versions.length + 1, cloud.base.timeline.now(), input);
    template.versions.push(made);
    return { LaunchTemplateVersion: versionRow(template, made) };
  });

export const deleteTemplate = (cloud: Cloud, input: TemplateName): { LaunchTemplate: LaunchTemplate } => {
  const template = findTemplate(cloud, input);
  cloud.templates.delete(template.id);
  return { LaunchTemplate: templateRow(template) };
};

export const describeTemplates = (
  cloud: Cloud,
  input: DescribeLaunchTemplatesInput,
): { LaunchTemplates: readonly LaunchTemplate[]; NextToken?: string } => {
  const ids = (input.LaunchTemplateIds ?? []).map((id) => findTemplate(cloud, { LaunchTemplateId: id }));
  const names = (input.LaunchTemplateNames ?? []).map((name) =>
    findTemplate(cloud, { LaunchTemplateName: name }),
  );
  const named = [...ids, ...names];
  const asked = named.length > 0 ? named : [...cloud.templates.values()];
  const rows = asked
    .filter((template) =>
      matchesFilters(input.Filters, template.tags, { 'launch-template-name': template.name }),
    )
    .map(templateRow);
  const { page, next } = paged(rows, input, 200);
  return { LaunchTemplates: page, ...next };
};

export const describeTemplateVersions = (
  cloud: Cloud,
  input: DescribeLaunchTemplateVersionsInput,
): { LaunchTemplateVersions: readonly LaunchTemplateVersion[]; NextToken?: string } => {
  const template = findTemplate(cloud, input);
  const asked = input.Versions ?? [];
  const rows =
    asked.length > 0
      ? asked.map((number) => versionRow(template, findVersion(template, number)))
      : template.versions.map((one) => versionRow(template, one)).reverse();
  const { page, next } = paged(rows, input, 200);
  return { LaunchTemplateVersions: page, ...next };
};

/** Template and version that a fleet names; `$Latest` and `$Default` are understood. */
export const resolveTemplate = (
  cloud: Cloud,
  named: TemplateSpecification,
): { template: Template; version: Template['versions'][number] } => {
  if (named.Version === undefined) {
    throw new AwsFailure(
      'MissingParameter',
      'The request must contain the parameter Version of the launch template.',
    );
  }
  const template = findTemplate(cloud, named);
  return { template, version: findVersion(template, named.Version) };
};

const byName = (cloud: Cloud, name: string): Template | undefined =>
  [...cloud.templates.values()].find((template) => template.name === name);

const findTemplate = (cloud: Cloud, named: TemplateName): Template => {
  if (named.LaunchTemplateId !== undefined) {
    const template = cloud.templates.get(named.LaunchTemplateId);
    if (template !== undefined) return template;
    throw new AwsFailure(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${named.LaunchTemplateId}, does not exist.`,
    );
  }
  const template = byName(cloud, named.LaunchTemplateName ?? '');
  if (template !== undefined) return template;
  throw new AwsFailure(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${named.LaunchTemplateName ?? '(none)'}, does not exist.`,
  );
};

const findVersion = (template: Template, wanted: string): Template['versions'][number] => {
  const number = wanted === '$Latest' ? template.versions.length : wanted === '$Default' ? 1 : Number(wanted);
  const found = template.versions.find((one) => one.number === number);
  if (found !== undefined) return found;
  throw new AwsFailure(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${wanted} for the launch template with ID ${template.id}.`,
  );
};

const checkData = (data: LaunchTemplateData): void => {
  if (data.UserData === undefined) return;
  const bytes = Buffer.from(data.UserData, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== data.UserData.replace(/[\s=]+/g, '')) {
    throw new AwsFailure('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
  if (bytes.length > USER_DATA_BYTES) {
    throw new AwsFailure('InvalidUserData.Malformed', `User data is limited to ${USER_DATA_BYTES} bytes`);
  }
};

const version = (
  number: number,
  createdAt: number,
  input: { readonly LaunchTemplateData: LaunchTemplateData; readonly VersionDescription?: string },
): Template['versions'][number] => ({
  number,
  createdAt,
  data: input.LaunchTemplateData,
  ...(input.VersionDescription === undefined ? {} : { description: input.VersionDescription }),
});

const templateRow = (template: Template): LaunchTemplate => ({
  LaunchTemplateId: template.id,
  LaunchTemplateName: template.name,
  CreateTime: iso(template.createdAt),
  DefaultVersionNumber: 1,
  LatestVersionNumber: template.versions.length,
  Tags: tagList(template.tags),
});

const versionRow = (template: Template, one: Template['versions'][number]): LaunchTemplateVersion => ({
  LaunchTemplateId: template.id,
  LaunchTemplateName: template.name,
  VersionNumber: one.number,
  CreateTime: iso(one.createdAt),
  DefaultVersion: one.number === 1,
  LaunchTemplateData: one.data,
  ...(one.description === undefined ? {} : { VersionDescription: one.description }),
});
