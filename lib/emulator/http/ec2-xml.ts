// Encodes what an EC2 action answers: lower-camel names and `<nameSet><item>` lists (cloud-apis §1.1).

/** Names whose XML form is not just the first letter lowered. */
const XML_NAMES: Readonly<Record<string, string>> = {
  Reservations: 'reservationSet',
  Images: 'imagesSet',
  Groups: 'groupSet',
  Instances: 'instancesSet',
  Tags: 'tagSet',
  State: 'instanceState',
  StateTransitionReason: 'reason',
  PrivateDnsName: 'privateDnsName',
  PublicDnsName: 'dnsName',
  PublicIpAddress: 'ipAddress',
  SecurityGroups: 'groupSet',
  BlockDeviceMappings: 'blockDeviceMapping',
  NetworkInterfaces: 'networkInterfaceSet',
  TerminatingInstances: 'instancesSet',
  InstanceTypes: 'instanceTypeSet',
  InstanceTypeOfferings: 'instanceTypeOfferingSet',
  SpotPriceHistory: 'spotPriceHistorySet',
  InstanceStatuses: 'instanceStatusSet',
  Events: 'eventsSet',
  Subnets: 'subnetSet',
  LaunchTemplateVersions: 'launchTemplateVersionSet',
  VCpuInfo: 'vCpuInfo',
};

/** The same names where an action means something else by them: `Action/Name`, or `Parent/Name` inside any answer. */
const XML_NAMES_IN: Readonly<Record<string, string>> = {
  'CreateFleet/Errors': 'errorSet',
  'CreateFleet/Instances': 'fleetInstanceSet',
  'Instances/Code': 'code',
  'Subnets/State': 'state',
  'Images/State': 'imageState',
  'Monitoring/State': 'state',
  'MetadataOptions/State': 'state',
  'LaunchTemplateData/TagSpecifications': 'tagSpecificationSet',
  'LaunchTemplateData/BlockDeviceMappings': 'blockDeviceMappingSet',
  'LaunchTemplateData/SecurityGroupIds': 'securityGroupIdSet',
  'LaunchTemplateData/SecurityGroups': 'securityGroupSet',
  'LaunchTemplateData/NetworkInterfaces': 'networkInterfaceSet',
  'InstanceStatus/Details': 'details',
};

/** Lists whose items are not called `item`. */
const ITEM_NAMES: Readonly<Record<string, string>> = { 'NetworkInterfaces/Groups': 'groupId' };

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The answer of an action, `{return: true}` for those that answer nothing else. */
export const encodeAnswer = (action: string, answer: object, requestId: string): string =>
  `${DECLARATION}<${action}Response xmlns="${NAMESPACE}"><requestId>${requestId}</requestId>${members(action, answer)}</${action}Response>`;

export const encodeError = (code: string, message: string, requestId: string): string =>
  `${DECLARATION}<Response><Errors><Error><Code>${escape(code)}</Code><Message>${escape(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;

const members = (parent: string, value: object): string =>
  Object.entries(value)
    .map(([name, member]) => element(parent, name, member))
    .join('');

const element = (parent: string, name: string, value: unknown): string => {
  if (value === undefined) return '';
  const tag = XML_NAMES_IN[`${parent}/${name}`] ?? XML_NAMES[name] ?? lowerFirst(name);
  if (isList(value)) {
    if (value.length === 0) return `<${tag}/>`;
    const of = ITEM_NAMES[`${parent}/${name}`] ?? 'item';
    return `<${tag}>${value.map((item) => `<${of}>${content(name, item)}</${of}>`).join('')}</${tag}>`;
  }
  return `<${tag}>${content(name, value)}</${tag}>`;
};

const content = (name: string, value: unknown): string => {
  if (typeof value === 'object' && value !== null) return members(name, value);
  return escape(String(value));
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

// biome-ignore format: one entry a line says nothing more
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

const escape = (text: string): string => {
  let escaped = '';
  // XML 1.0 has no form for the other control characters, escaped or not, so they become spaces.
  for (const char of text)
    escaped += ENTITIES[char] ?? (char < ' ' && char !== '\n' && char !== '\t' ? ' ' : char);
  return escaped;
};
