// What no single value shows: references between parts, sums, and what a cloud needs of its pools.
import type { Finding } from './issues';
import type { Parts, PoolParts } from './parts';
import { checkPool } from './pool-checks';
import { noSuchPool, schedules } from './schedule-checks';

export const crossChecks = (parts: Parts): readonly Finding[] => [
  ...uniqueNames(parts, 'pools'),
  ...uniqueNames(parts, 'schedules'),
  ...uniqueNames(parts, 'webhooks'),
  ...parts.pools.flatMap((pool, index) => checkPool(pool, ['pools', index], parts.mesos.source?.kind)),
  ...network(parts),
  ...repositoryKey(parts),
  ...machineLimits(parts),
  ...schedules(parts),
  ...webhooks(parts),
];

const uniqueNames = (parts: Parts, list: 'pools' | 'schedules' | 'webhooks'): readonly Finding[] => {
  const names = parts[list].map((entry) => entry.name);
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [
          {
            path: [list, index, 'name'],
            problem: `the name ${name} is taken by ${list}[${names.indexOf(name)}]`,
            advice: 'Give each its own name',
          },
        ],
  );
};

const network = ({ network: { reach, vpcId, subnets } }: Parts): readonly Finding[] => {
  if (reach !== 'vpc') return [];
  const findings: Finding[] = [];
  if (vpcId === undefined) {
    findings.push({
      path: ['network', 'vpcId'],
      problem: 'reach: vpc needs the VPC of the masters',
      advice: 'Write vpcId: vpc-...',
    });
  }
  if (subnets === undefined || subnets.length === 0) {
    findings.push({
      path: ['network', 'subnets'],
      problem: 'reach: vpc needs at least one subnet from which the masters can be reached',
      advice: 'Write subnets: [subnet-...]',
    });
  }
  return findings;
};

/** Packages that nobody signed, fetched over a connection that anybody can change, would run as root. */
const repositoryKey = ({ mesos: { source } }: Parts): readonly Finding[] =>
  source?.kind === 'repository' && source.key === undefined && source.url.startsWith('http:')
    ? [
        {
          path: ['mesos', 'source', 'url'],
          problem: 'packages from a plain http repository without a signing key can be replaced on the way',
          advice: 'Add key: with the address of the signing key, or use https',
        },
      ]
    : [];

const machineLimits = ({ pools, limits }: Parts): readonly Finding[] => {
  const sum = pools.reduce((total, pool) => total + (pool.size?.min ?? 0), 0);
  return limits.machines === undefined || sum <= limits.machines
    ? []
    : [
        {
          path: ['limits', 'machines'],
          problem: `the pools' minimum sizes add up to ${sum}, more than this limit of ${limits.machines}`,
          advice: `Write at least ${sum}, or lower size.min of a pool`,
        },
      ];
};

const webhooks = ({ webhooks: list, pools }: Parts): readonly Finding[] =>
  list.flatMap((webhook, index) => {
    const path = ['webhooks', index];
    return [
      ...webhookAuth(webhook, path),
      ...webhookRules(webhook, path),
      ...ruleActions(webhook, path, pools),
    ];
  });

type WebhookParts = Parts['webhooks'][number];

const webhookAuth = ({ kind, auth }: WebhookParts, path: Finding['path']): readonly Finding[] => {
  const at = [...path, 'auth'];
  if (kind !== undefined && kind !== 'hmac' && auth === 'hmac') {
    const problem = `senders of kind ${kind} cannot sign what they send in our form`;
    return [{ path: at, problem, advice: 'Write bearer or basic' }];
  }
  if (kind === 'hmac' && auth !== undefined && auth !== 'hmac') {
    const problem = 'a webhook of kind hmac is authenticated by its signature';
    return [{ path: at, problem, advice: 'Write hmac, or leave auth out' }];
  }
  return [];
};

const RULE_EXAMPLE =
  'rules: [{ when: { alertname: ... }, do: { scaleOut: { pool: ..., by: 20%, for: 30m } } }]';

const webhookRules = ({ kind, rules }: WebhookParts, path: Finding['path']): readonly Finding[] => {
  const at = [...path, 'rules'];
  if (kind !== undefined && kind !== 'hmac' && rules?.length === 0) {
    return [{ path: at, problem: 'without a rule no alert does anything', advice: `Write ${RULE_EXAMPLE}` }];
  }
  if (kind === 'hmac' && rules !== undefined && rules.length > 0) {
    const problem = 'a signed body says itself what it asks for; rules are for alerts';
    return [{ path: at, problem, advice: 'Leave rules out, or write kind: alertmanager' }];
  }
  return [];
};

const ruleActions = (
  { rules }: WebhookParts,
  path: Finding['path'],
  pools: readonly PoolParts[],
): readonly Finding[] =>
  (rules ?? []).flatMap(({ do: does }, index) => {
    const at = [...path, 'rules', index, 'do'];
    const { scaleOut, failOver } = does;
    if (Object.keys(does).length !== 1)
      return [
        { path: at, problem: 'a rule does one thing', advice: 'Write one of scaleOut, drain and failOver' },
      ];
    if (failOver !== undefined && Object.keys(failOver).length !== 2) {
      const problem = 'it does not say one thing that fails over';
      return [{ path: [...at, 'failOver'], problem, advice: 'Write one of zone, zoneFrom, app and appFrom' }];
    }
    if (scaleOut === undefined || pools.some(({ name }) => name === scaleOut.pool)) return [];
    return [noSuchPool([...at, 'scaleOut', 'pool'], scaleOut.pool, pools)];
  });
