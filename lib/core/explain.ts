// A plan as sentences. The log, the console, `muster explain` and notifications all say these very words.
import { isDemand } from './demand';
import type { AppAction, Blocked, DemandLine, Launch, Plan } from './model/plan';
import type { Outcome } from './model/outcome';
import { offeringName } from './view';

/** What the plan sees, does, and waits for, most important first. */
export const explain = (plan: Plan): readonly string[] => {
  const sentences = [
    ...plan.actions.map(actionSentence),
    ...demandSentences(plan),
    ...plan.blocked.filter((entry) => !isSaid(entry, plan)).map(blockedSentence),
    ...costSentences(plan),
  ];
  const isLeaving = plan.memory.leaving.some(({ phase }) => phase !== 'idle');
  const idle = sentences.length === 0 ? [isLeaving ? LEAVING : IDLE] : [];
  return [...idle, ...sentences, ...plan.oddities.map((oddity) => sentence(capital(oddity)))];
};

/** The row's own sentence gave the same reason. */
const isSaid = ({ subject, why, until }: Blocked, plan: Plan): boolean =>
  until === undefined && plan.demand.some((line) => line.runSpec === subject && line.why === why);

const IDLE = 'Nothing to do: every task has a place and every pool has its size.';

const LEAVING = 'Nothing new: agents that leave are looked at again in a moment.';

/** Messages from outside may end in a full stop of their own. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const usd = (amount: number): string => `$${amount.toFixed(amount < 10 ? 3 : 2)}`;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export const actionSentence = (action: Plan['actions'][number]): string => {
  switch (action.kind) {
    case 'launch':
      return launchSentence(action);
    case 'terminate':
      return `End ${plural(action.machines.length, 'machine')} of pool ${action.pool} (${action.machines.join(', ')}): ${action.why}.`;
    case 'deactivate':
      return `${action.step === 'drain' ? 'Drain' : 'Give back'} agent ${action.agent} on ${action.machine} of pool ${action.pool}: ${action.why}.`;
    case 'reactivate':
      return `Take back agent ${action.agent} on ${action.machine} of pool ${action.pool}: ${action.why}.`;
    case 'drain':
      return `Kill what runs on agent ${action.agent} on ${action.machine} of pool ${action.pool}: ${action.why}.`;
    case 'mark':
      return action.mark === ''
        ? `Untag ${action.machines.join(', ')} of pool ${action.pool}: ${action.why}.`
        : `Tag ${action.machines.join(', ')} of pool ${action.pool} as ${action.mark}: ${action.why}.`;
    case 'app':
      return appSentence(action);
    case 'mark-gone':
      return `Mark agent ${action.agent} on ${action.machine} of pool ${action.pool} gone: ${action.why}.`;
    case 'notify':
      return `Alarm ${action.alarm} for ${action.subject}: ${action.why}.`;
    default:
      return action satisfies never;
  }
};

const appSentence = ({ request, why }: AppAction): string => {
  const { runSpec } = request;
  switch (request.call) {
    case 'scale':
      return `Scale ${runSpec} from ${request.from} to ${request.to}: ${why}.`;
    case 'kill':
      return `${KILLS[request.how]} ${plural(request.tasks.length, 'task')} of ${runSpec}: ${why}.`;
    case 'stop':
      return `Stop deployment ${request.deployment} of ${runSpec}: ${why}.`;
    case 'reset-delay':
      return `Launch ${runSpec} without its delay: ${why}.`;
    default:
      return request satisfies never;
  }
};

const KILLS = { lower: 'Take away', replace: 'Restart', wipe: 'Forget' } as const;

const launchSentence = (launch: Launch): string => {
  const [best, ...others] = launch.offerings;
  if (best === undefined) return `Buy ${launch.count} for pool ${launch.pool}.`;
  const price = usd(best.usdPerHour * launch.count);
  const next = others[0] === undefined ? '' : `; if that has no capacity, ${offeringName(others[0])}`;
  const replaces = launch.replaces.length === 0 ? '' : `, replacing ${launch.replaces.join(', ')}`;
  return `Buy ${launch.count} x ${offeringName(best)} for pool ${launch.pool} at ${price} an hour${replaces}${next}.`;
};

const demandSentences = (plan: Plan): readonly string[] =>
  plan.demand.map((line) => {
    const where = [
      part(line.onExisting, 'fits', 'fit', 'on agents that are there'),
      part(line.onComing, 'will fit', 'will fit', 'on machines that are coming'),
      part(line.onBought, 'gets room', 'get room', 'from what is bought now'),
      // Of a row that is not looked after now, its reason says all.
      isDemand(line.verdict) ? part(line.unplaced, 'stays', 'stay', 'without room') : '',
    ].filter((text) => text !== '');
    const wanted = `${line.runSpec} wants ${plural(line.count, 'instance')} (${size(line)}): ${line.why}`;
    return where.length === 0 ? `${wanted}.` : `${wanted}; ${where.join(', ')}.`;
  });

const part = (count: number, one: string, many: string, where: string): string =>
  count === 0 ? '' : `${count} ${count === 1 ? one : many} ${where}`;

const size = ({ each }: DemandLine): string => {
  const gpus = each.gpus === 0 ? '' : `, ${plural(each.gpus, 'GPU')}`;
  return `${each.cpuMilli / 1000} cpu, ${each.memMib} MiB${gpus} each`;
};

const blockedSentence = (entry: Blocked): string => {
  const until = entry.until === undefined ? '' : ` (until ${clock(entry.until)})`;
  const count = entry.count > 1 ? `${entry.count} of ` : '';
  return `Not done for ${count}${entry.subject}, ${entry.code}: ${entry.why}${until}.`;
};

/** Hours and minutes of the day in UTC, without a Date. */
export const clock = (at: number): string => {
  const minutes = Math.floor(at / 60_000) % 1440;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)} UTC`;
};

const costSentences = ({ cost }: Plan): readonly string[] => {
  if (cost.boughtUsdPerHour === 0) return [];
  const ratio = cost.boundKind === 'none' ? undefined : cost.boughtUsdPerHour / cost.boundUsdPerHour;
  const bound =
    ratio === undefined
      ? ''
      : `; no plan can cost less than ${usd(cost.boundUsdPerHour)} (${cost.boundKind}), so this is ${ratio.toFixed(3)} times the bound`;
  const placed =
    Math.abs(cost.boughtUsdPerHour - cost.packedUsdPerHour) < 1e-6
      ? 'the same by packing alone'
      : `${usd(cost.packedUsdPerHour)} by packing alone`;
  return [
    `The fleet costs ${usd(cost.nowUsdPerHour)} an hour now; this plan adds ${usd(cost.boughtUsdPerHour)} an hour after Marathon's own placement (${placed})${bound}.`,
  ];
};

/** What became of the actions of a round. */
export const explainOutcome = (outcome: Outcome): readonly string[] => {
  switch (outcome.kind) {
    case 'launched':
      return [
        ...(outcome.machines.length > 0
          ? [
              `Bought ${outcome.machines.length} of ${outcome.asked} for pool ${outcome.pool}: ${outcome.machines.map(({ id, offering }) => `${id} (${offeringName(offering)})`).join(', ')}.`,
            ]
          : [`Nothing was bought of the ${outcome.asked} asked for in pool ${outcome.pool}.`]),
        ...outcome.errors.map(
          ({ offering, code, message }) =>
            `No capacity from ${offeringName(offering)}: ${code} (${message}); it stays cold for a while.`,
        ),
      ];
    case 'terminated':
      return [
        ...(outcome.machines.length > 0 ? [`Ended ${outcome.machines.join(', ')}.`] : []),
        ...outcome.failed.map(({ id, message }) => `Could not end ${id}: ${message}.`),
      ];
    case 'asked':
    case 'moved':
    case 'marked':
    case 'notified':
      return [];
    case 'unknown':
      return [
        `It is not known yet whether ${outcome.action} was carried out (${outcome.message}); it will be read back.`,
      ];
    case 'refused':
      return [`${outcome.action} was refused: ${outcome.message}`];
    default:
      return outcome satisfies never;
  }
};
