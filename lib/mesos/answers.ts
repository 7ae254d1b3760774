// What an answer that is not 200 means for the caller. The texts are those of a real master (mesos-observed, the
// recordings): a status alone does not tell whether something was done.
import type { Failure, FailureKind } from '../engine/failure';
import { failureOf, type Refusal, type Verdict } from '../transport/refusal';

/**
 * - `transient`: this master did nothing (not the leader, no leader, still recovering, still starting).
 * - `gone`: the agent is not known any more.
 * - `conflict`: the agent is in another state than the call supposes; look again.
 * - `unknown-outcome`: the answer leaves open whether a write was done.
 */
export const refusalOf = (refusal: Refusal): Failure =>
  failureOf(refusal, verdictOf(refusal), oneLine(refusal.text));

const verdictOf = (refusal: Refusal): Verdict => {
  const { status, text, call } = refusal;
  // Not the leader: said before the body is looked at (mesos-observed 29).
  if (status >= 300 && status < 400) return { kind: 'transient' };
  if (status === 400) return badRequest(text);
  if (status === 401) return UNKNOWN_CREDENTIALS;
  if (status === 403) {
    const advice = `The principal of mesos.auth may not do this: check the master's --acls for ${call}.`;
    return { kind: 'permanent', advice };
  }
  if (status === 404) return notFound(refusal);
  if (status === 409) return conflict(text);
  if (status === 429) return { kind: 'throttled' };
  if (status === 503 && nothingDone.test(text)) return { kind: 'transient' };
  return { kind: status >= 500 ? open(refusal) : 'permanent' };
};

const UNKNOWN_CREDENTIALS: Verdict = {
  kind: 'permanent',
  advice: 'The master does not know these credentials: check the secret that mesos.auth names.',
};

const nothingDone = /No leader elected|has not finished recovery/;

const open = ({ use }: Refusal): FailureKind => (use === 'read' ? 'transient' : 'unknown-outcome');

const badRequest = (text: string): Verdict => {
  if (/Unknown agent/.test(text)) return { kind: 'gone' };
  if (/not deactivated|still in the DRAINING state/.test(text)) return { kind: 'conflict' };
  if (/part of a maintenance schedule/.test(text)) {
    return {
      kind: 'conflict',
      advice:
        'Mesos does not drain an agent whose machine is in the maintenance schedule: take it out first.',
    };
  }
  if (/appears more than once|cannot be removed from the schedule/.test(text)) return { kind: 'conflict' };
  return { kind: 'permanent' };
};

/** MARK_AGENT_GONE names the agent; any other 404 is a master in its first moments (mesos-observed 30) or a wrong path. */
const notFound = ({ text }: Refusal): Verdict =>
  /^Agent '.*' not found/.test(text)
    ? { kind: 'gone' }
    : {
        kind: 'transient',
        advice: 'If it stays so, the path of this address in mesos.masters is wrong.',
      };

/** REACTIVATE of an unreachable agent answers this although it has worked (mesos-observed 14). */
const conflict = (text: string): Verdict => ({
  kind: /removed while processing/.test(text) ? 'unknown-outcome' : 'conflict',
});

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 300).replace(/\.$/, '');
