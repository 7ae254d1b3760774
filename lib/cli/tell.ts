// Turns and happenings as lines for a person who watches: what is new, not what was said a minute ago.
import { causeText } from '../core/departures';
import { actionSentence, explainOutcome, usd } from '../core/explain';
import type { Drained } from '../core/model/memory';
import type { Outcome } from '../core/model/outcome';
import type { AppAction, DemandLine, Plan } from '../core/model/plan';
import { offeringName } from '../core/view';
import type { ChronicleEntry } from '../emulator/chronicle';
import type { TurnReport } from '../engine/reconcile';

/** Rows of the queue that are told one by one; the rest is a number. */
const ROWS = 3;

/** Tells the turns of one cluster: every action and outcome, and of what waits only what the turn before did not say. */
export const createTurnLines = (): ((report: TurnReport) => readonly string[]) => {
  let before: ReadonlySet<string> = new Set();
  let ended: ReadonlySet<string> = new Set();
  return (report) => {
    if (report.kind === 'held') return [];
    const told = new Set(report.plans.flatMap(waitingLines));
    const over = report.plans.flatMap(({ memory }) => memory.drained);
    const lines = [
      ...report.plans.flatMap(planLines),
      ...outcomeLines(report.outcomes),
      ...over.filter((one) => !ended.has(endKey(one))).map(endLine),
    ];
    const fresh = [...new Set(lines)].filter((line) => !(told.has(line) && before.has(line)));
    before = told;
    ended = new Set(over.map(endKey));
    return fresh;
  };
};

const endKey = ({ machine, since }: Drained): string => `${machine} ${since}`;

const END = {
  done: 'was emptied',
  cancelled: 'stays: its drain was taken back',
  escalated: 'ended with what was left there killed',
  failed: 'stays: it could not be emptied',
} as const;

const endLine = ({ machine, pool, end, cause, since, at, why }: Drained): string => {
  const mark = end === 'done' || end === 'cancelled' ? ' ' : '!';
  const after = `after ${Math.round((at - since) / 1000)} s`;
  return `${mark} ${machine} of ${pool} (${causeText(cause)}) ${END[end]} ${after}: ${why}.`;
};

/** What was bought and refused, in figures: the ids are in the log. */
const outcomeLines = (outcomes: readonly Outcome[]): readonly string[] => {
  const launched = outcomes.flatMap((outcome) => (outcome.kind === 'launched' ? [outcome] : []));
  const got = launched.flatMap(({ machines }) => machines.map(({ offering }) => offering));
  const bought = counted(got.map(offeringName));
  const usdPerHour = got.reduce((sum, offering) => sum + offering.usdPerHour, 0);
  const refused = counted(
    launched.flatMap(({ errors }) =>
      errors.map(({ offering, code }) => `${offeringName(offering)}: ${code}`),
    ),
  );
  const rest = outcomes.filter(({ kind }) => kind !== 'launched').flatMap(explainOutcome);
  return [
    ...[...refused.keys()].map((text) => `! ${text}. It stays cold; the next offering is taken.`),
    ...(bought.size > 0
      ? [
          `  Bought ${[...bought].map(([name, count]) => `${count} x ${name}`).join(', ')} for ${usd(usdPerHour)} an hour.`,
        ]
      : []),
    ...rest.map((line) => `  ${line}`),
  ];
};

const counted = (names: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const name of [...names].sort()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

const planLines = (plan: Plan): readonly string[] => [
  ...waitingLines(plan),
  ...plan.actions.flatMap((action) => (action.kind === 'app' ? [] : [actionLine(action, plan)])),
  ...movesLines(plan.actions.flatMap((action) => (action.kind === 'app' ? [action] : []))),
  ...costLine(plan),
];

/** What is done to apps: one by one where it is little, else each kind of it in one line. */
const movesLines = (actions: readonly AppAction[]): readonly string[] => {
  const more = actions.flatMap(({ request }) =>
    request.call === 'scale' && request.to > request.from
      ? [{ app: request.runSpec, count: request.to - request.from }]
      : [],
  );
  const fewer = actions.flatMap(({ request }) =>
    request.call === 'kill' && request.how === 'lower'
      ? [{ app: request.runSpec, count: request.tasks.length }]
      : [],
  );
  const isLoneCall = ({ request }: AppAction): boolean =>
    !(request.call === 'scale' && request.to > request.from && more.length > 1) &&
    !(request.call === 'kill' && request.how === 'lower' && fewer.length > 1);
  return [
    ...actions.filter(isLoneCall).map((action) => `> ${actionSentence(action)}`),
    ...(more.length > 1 ? [`> Start copies elsewhere before anything is killed: ${sums(more)}.`] : []),
    ...(fewer.length > 1 ? [`> Take away what has healthy copies elsewhere: ${sums(fewer)}.`] : []),
  ];
};

const sums = (rows: readonly { readonly app: string; readonly count: number }[]): string => {
  const sorted = [...rows].sort((a, b) => b.count - a.count || (a.app < b.app ? -1 : 1));
  const told = sorted.slice(0, ROWS).map(({ app, count }) => `${count} of ${app}`);
  const rest = sorted.slice(ROWS);
  const others = rest.reduce((sum, { count }) => sum + count, 0);
  return [...told, ...(rest.length > 0 ? [`${others} of ${some(rest.length, 'other app')}`] : [])].join(', ');
};

/** What does not change by being said again. */
const waitingLines = (plan: Plan): readonly string[] => {
  const waiting = plan.demand.filter(
    (line) => (line.onBought > 0 || line.unplaced > 0) && !QUIET.has(line.verdict),
  );
  const told = [...waiting].sort((a, b) => b.onBought + b.unplaced - a.onBought - a.unplaced).slice(0, ROWS);
  const rest = waiting.length - told.length;
  return [
    ...told.map(rowLine),
    ...(rest > 0 ? [`  ... and ${rest} more apps wait.`] : []),
    ...youngLine(plan),
    ...plan.blocked
      .filter(({ code }) => !QUIET.has(code))
      .map(({ subject, code, why }) => `  ${subject}: ${code}, ${why}.`),
  ];
};

const youngLine = ({ demand }: Plan): readonly string[] => {
  const young = demand.filter(({ verdict }) => verdict === 'waiting');
  const instances = young.reduce((sum, { count }) => sum + count, 0);
  return young.length === 0
    ? []
    : [
        `  ${some(instances, 'instance')} of ${some(young.length, 'app')} began to wait only now; Marathon may place them by itself.`,
      ];
};

const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What passes by itself within seconds is not worth a line each time. */
const QUIET: ReadonlySet<string> = new Set(['waiting', 'backoff']);

const rowLine = (line: DemandLine): string => {
  const parts = [
    line.onExisting > 0 ? `${line.onExisting} fit on agents` : '',
    line.onComing > 0 ? `${line.onComing} on machines under way` : '',
    line.onBought > 0 ? `${line.onBought} ${line.onBought === 1 ? 'needs' : 'need'} new machines` : '',
    line.unplaced > 0 ? `${line.unplaced} stay without room` : '',
  ].filter((part) => part !== '');
  return `  ${line.runSpec} waits for ${line.count} x ${line.each.cpuMilli / 1000} cpu, ${line.each.memMib} MiB (${line.why}): ${parts.join(', ')}.`;
};

const VERB = {
  deactivate: 'Offer no more',
  reactivate: 'Take back',
  drain: 'Kill what is left on',
  'mark-gone': 'Mark gone the agent of',
} as const;

const actionLine = (action: Exclude<Plan['actions'][number], AppAction>, plan: Plan): string => {
  if (action.kind === 'notify') return `! ${action.why}.`;
  if (action.kind === 'terminate') return `> End ${action.machines.join(', ')}: ${action.why}.`;
  if (action.kind === 'mark') return `> ${actionSentence(action)}`;
  if (action.kind !== 'launch')
    return `> ${VERB[action.kind]} ${action.machine} of ${action.pool}: ${action.why}.`;
  const [best] = action.offerings;
  const price = best === undefined ? '' : ` at ${usd(best.usdPerHour * action.count)} an hour`;
  const round = plan.round > 1 ? ` (round ${plan.round} of this turn)` : '';
  return `> Buy ${action.why}${price}${round}.`;
};

const costLine = ({ cost, actions }: Plan): readonly string[] => {
  if (!actions.some(({ kind }) => kind === 'launch')) return [];
  const { boundKind, boundUsdPerHour, boughtUsdPerHour, packedUsdPerHour } = cost;
  const bound =
    boundKind === 'none'
      ? ''
      : `; no plan can cost less than ${usd(boundUsdPerHour)} (${boundKind} bound), this is ${(boughtUsdPerHour / boundUsdPerHour).toFixed(3)} times that`;
  const alone =
    Math.abs(boughtUsdPerHour - packedUsdPerHour) < 1e-6
      ? ''
      : `, ${usd(packedUsdPerHour)} before Marathon's own placement was simulated`;
  return [`  This adds ${usd(boughtUsdPerHour)} an hour to ${usd(cost.nowUsdPerHour)}${alone}${bound}.`];
};

/** Happenings since the last call as one line, and those that are worth a line of their own. */
export const happenings = (entries: readonly ChronicleEntry[]): readonly string[] => {
  const count = (kind: ChronicleEntry['kind']): number =>
    entries.filter((entry) => entry.kind === kind).length;
  const parts = (
    [
      ['machine-running', 'machine', 'started'],
      ['agent-registered', 'agent', 'registered'],
      ['task-placed', 'task', 'placed'],
      ['task-ended', 'task', 'ended'],
      ['task-unreachable', 'task', 'out of reach'],
      ['machine-ended', 'machine', 'ended'],
    ] as const
  ).flatMap(([kind, noun, did]) => (count(kind) > 0 ? [`${some(count(kind), noun)} ${did}`] : []));
  const loud = entries.filter(({ kind }) => isLoud(kind)).map(({ text }) => `! ${text}`);
  return [...loud, ...(parts.length > 0 ? [`  ${parts.join(', ')}.`] : [])];
};

/** Worth a line of its own, at once. */
export const isLoud = (kind: ChronicleEntry['kind']): boolean => LOUD.has(kind);

const LOUD: ReadonlySet<ChronicleEntry['kind']> = new Set([
  'trouble',
  'spot-notice',
  'boot-failed',
  'agent-unreachable',
  'agent-returned',
  'master-lost',
  'master-elected',
  'marathon-down',
  'marathon-up',
  'throttled',
]);
