// The state of machines, in their tags: what a table restored to an earlier moment is read against.
import type { MarkRequest } from '../engine/ports';
import type { Ec2Connection } from './client';
import { failureOf } from './failures';
import { TAG } from './translate';

/** Resources in one call; EC2 takes 1000. */
const BATCH = 200;

/**
 * Writes `muster:state`; an empty mark is an empty value. Writing it twice is harmless. Whose machines they are is held by the policy of the
 * caller's role, which may tag only what carries the cluster's tag.
 * @throws Failure: `gone` for a machine that EC2 does not know any more, `unknown-outcome` without an answer.
 */
export const markOurs = async ({ sdk, effects }: Ec2Connection, request: MarkRequest): Promise<void> => {
  const { machines, mark } = request;
  for (let from = 0; from < machines.length; from += BATCH) {
    const Resources = machines.slice(from, from + BATCH);
    try {
      await effects.send(new sdk.CreateTagsCommand({ Resources, Tags: [{ Key: TAG.mark, Value: mark }] }));
    } catch (error) {
      throw failureOf(error, { doing: `Tagging ${Resources.length} machines`, nature: 'effect' });
    }
  }
};
