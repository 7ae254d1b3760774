// What an operator may say about a deployment beside muster.yaml: words of CDK's context, `-c name=value`.

export type DeploymentOptions = {
  /** Of the agents; the network's default group when empty. */
  readonly securityGroups: readonly string[];
  /** Name of the root disk in the agents' images. EC2 does not look it up: under another name a second disk is made, and
   *  the root stays as the image has it. */
  readonly rootDevice: string;
  /** Topic that is told of alarms; without one they are only seen. */
  readonly alarmTopic?: string;
  /** `reserved` keeps a part of the account's concurrency for the control plane and bounds what the outside can make of
   *  it; an account whose limit is still that of a new one has none to give. */
  readonly concurrency: 'reserved' | 'shared';
  /** Two deployments of one account and region need two names. */
  readonly stack: string;
};

export const DEFAULT_OPTIONS: DeploymentOptions = {
  securityGroups: [],
  rootDevice: '/dev/xvda',
  concurrency: 'reserved',
  stack: 'Muster',
};

type Context = (name: string) => unknown;

/** Comma-separated words of one context value; none when it is absent. */
export const words = (context: Context, name: string): readonly string[] =>
  (textOf(context, name) ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Throws an Error that names every value that cannot be. */
export const readOptions = (context: Context): DeploymentOptions => {
  const given = Object.keys(FORMS).flatMap((name) => words(context, name).map((word) => ({ name, word })));
  const faults = given.filter(({ name, word }) => FORMS[name]?.form.test(word) === false);
  if (faults.length > 0) {
    const list = faults.map(({ name, word }) => `-c ${name}=${word} is not ${FORMS[name]?.what}`);
    throw new Error(`Nothing was synthesised: ${list.join('; ')}.`);
  }
  const alarmTopic = textOf(context, 'alarmTopic');
  return {
    securityGroups: words(context, 'securityGroups'),
    rootDevice: textOf(context, 'rootDevice') ?? DEFAULT_OPTIONS.rootDevice,
    concurrency: textOf(context, 'concurrency') === 'shared' ? 'shared' : 'reserved',
    stack: textOf(context, 'stack') ?? DEFAULT_OPTIONS.stack,
    ...(alarmTopic === undefined ? {} : { alarmTopic }),
  };
};

const FORMS: Readonly<Record<string, { readonly form: RegExp; readonly what: string }>> = {
  securityGroups: {
    form: /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/,
    what: 'the id of a security group, such as sg-0123456789abcdef0',
  },
  rootDevice: { form: /^\/dev\/[a-z0-9/]+$/, what: 'a device, such as /dev/sda1' },
  alarmTopic: { form: /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, what: 'the ARN of an SNS topic' },
  concurrency: { form: /^(reserved|shared)$/, what: 'reserved or shared' },
  stack: { form: /^[A-Za-z][A-Za-z0-9-]{0,127}$/, what: 'a name for a stack: letters, digits and dashes' },
};

const textOf = (context: Context, name: string): string | undefined => {
  const value = context(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};
