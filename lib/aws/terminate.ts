// Ending machines, in batches. EC2 refuses a whole batch for one id that it does not know, and all ids of a zone for one
// that is protected (cloud-apis §1.7), so a refused batch is halved until the ids at fault stand alone.
import type { Instance } from '@aws-sdk/client-ec2';
import type { Failure } from '../engine/failure';
import type { TerminateAnswer, TerminateRequest } from '../engine/ports';
import type { Ec2Connection } from './client';
import { failureOf, isRefusal } from './failures';
import { instancesIn, instancesPage } from './instances';
import { stateOf, TAG, tagValue } from './translate';

/**
 * Ends the machines of the request that carry its cluster's tag and a pool's. Others are never touched, whoever asks:
 * tags are read just before the call. Ending a machine twice is harmless, so a failure in the middle throws and the
 * whole request may be repeated.
 * @throws Failure of any kind but `gone`; `unknown-outcome` when an answer is missing.
 */
export const terminateOurs = async (
  connection: Ec2Connection,
  request: TerminateRequest,
): Promise<TerminateAnswer> => {
  const ids = [...new Set(request.machines)];
  const standings = new Map<string, Standing>();
  for (const some of chunks(ids, FILTER_VALUES)) {
    for (const [id, standing] of await standingsOf(connection, request, some)) standings.set(id, standing);
  }
  const settled: Settled[] = [];
  const ours: string[] = [];
  for (const id of ids) {
    const standing = standings.get(id) ?? { kind: 'over' };
    if (standing.kind === 'foreign') settled.push({ id, message: standing.message });
    else if (standing.kind === 'over') settled.push({ id });
    else ours.push(id);
  }
  for (const batch of chunks(ours, BATCH))
    settled.push(...(await end(connection, request.scope.region, batch)));
  return {
    done: settled.filter(({ message }) => message === undefined).map(({ id }) => id),
    failed: settled.flatMap(({ id, message }) => (message === undefined ? [] : [{ id, message }])),
  };
};

/** `message` says why it was not ended; without one it is ended or was already gone. */
type Settled = { readonly id: string; readonly message?: string };
type Standing =
  | { readonly kind: 'ours' }
  | { readonly kind: 'over' }
  | { readonly kind: 'foreign'; readonly message: string };

/** Karpenter's batch; EC2 takes 1000 and advises less. */
const BATCH = 500;
/** EC2's limit of values in one filter. */
const FILTER_VALUES = 200;

// By filter and not by id: one unknown id would fail the whole call. What is not listed is gone.
const standingsOf = async (
  connection: Ec2Connection,
  request: TerminateRequest,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Standing>> => {
  const doing = `Reading the tags of machines that are to end in ${request.scope.region}`;
  const listed = await describe(connection, ids).catch((error: unknown) => {
    throw failureOf(error, { doing, nature: 'question' });
  });
  return new Map(
    listed.map((instance) => [instance.InstanceId ?? '', standingOf(instance, request.cluster)]),
  );
};

const describe = async (connection: Ec2Connection, ids: readonly string[]): Promise<Instance[]> => {
  const instances: Instance[] = [];
  let token: string | undefined;
  do {
    const page = await instancesPage(connection, [{ Name: 'instance-id', Values: [...ids] }], token);
    instances.push(...instancesIn(page));
    token = page.next;
  } while (token !== undefined);
  return instances;
};

const standingOf = (instance: Instance, cluster: string): Standing => {
  const owner = tagValue(instance.Tags, TAG.cluster);
  if (owner !== cluster) {
    const whose = owner === undefined ? 'no cluster of ours' : `cluster ${owner}`;
    return { kind: 'foreign', message: `It belongs to ${whose} and is left alone.` };
  }
  if (tagValue(instance.Tags, TAG.pool) === undefined) {
    return { kind: 'foreign', message: 'It belongs to no pool (no tag muster:pool) and is left alone.' };
  }
  return { kind: isEnding(stateOf(instance.State)) ? 'over' : 'ours' };
};

const isEnding = (state: ReturnType<typeof stateOf>): boolean =>
  state === 'shutting-down' || state === 'terminated';

// Halving finds one bad id among 500 in nine rounds; one by one it would drain the call's bucket (100, then 5 a second).
const end = async (
  connection: Ec2Connection,
  region: string,
  ids: readonly string[],
): Promise<readonly Settled[]> => {
  try {
    return await endBatch(connection, ids);
  } catch (error) {
    const failure = failureOf(error, { doing: `Ending ${nameOf(ids)} in ${region}`, nature: 'effect' });
    if (!isOfTheBatch(failure)) throw failure;
    const [only, second] = ids;
    if (only === undefined) return [];
    if (second === undefined)
      return [failure.kind === 'gone' ? { id: only } : { id: only, message: failure.message }];
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await end(connection, region, ids.slice(0, half))),
      ...(await end(connection, region, ids.slice(half))),
    ];
  }
};

// Some id in the batch is at fault, rather than we or the service.
const isOfTheBatch = (failure: Failure): boolean =>
  failure.kind === 'gone' || (failure.kind === 'permanent' && !isRefusal(failure.code));

const endBatch = async (
  { sdk, effects }: Ec2Connection,
  ids: readonly string[],
): Promise<readonly Settled[]> => {
  const answer = await effects.send(new sdk.TerminateInstancesCommand({ InstanceIds: [...ids] }));
  const states = new Map(
    (answer.TerminatingInstances ?? []).map(
      (entry) => [entry.InstanceId, stateOf(entry.CurrentState)] as const,
    ),
  );
  return ids.map((id) => {
    const state = states.get(id);
    if (isEnding(state)) return { id };
    return {
      id,
      message: `EC2 took the order but says that it is ${state ?? 'of unknown state'}. Look again.`,
    };
  });
};

const nameOf = (ids: readonly string[]): string =>
  ids.length === 1 ? `machine ${ids[0] ?? ''}` : `${ids.length} machines`;

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
