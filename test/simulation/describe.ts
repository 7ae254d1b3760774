// A call as a line of the journal: what changes something, in short.
import { messageOf } from '../../lib/engine/failure';
import type { LaunchAnswer, LaunchRequest, TerminateRequest } from '../../lib/engine/ports';
import { type Answer, type Call, isDeed } from './call';

/** Undefined for what is not worth a line. */
export const describe = (call: Call, answer: Answer): string | undefined => {
  if (answer.kind === 'failed') return `${subject(call)} fails: ${messageOf(answer.error)}`;
  if (call.name === 'cloud.launch')
    return launched(call.args[0] as LaunchRequest, answer.value as LaunchAnswer);
  if (isDeed(call) || call.name.startsWith('wake.') || isHeadWrite(call)) return subject(call);
  return undefined;
};

const isHeadWrite = ({ name, args }: Call): boolean =>
  name === 'store.update' && (args[0] as { sk?: string } | undefined)?.sk === 'head';

const launched = (request: LaunchRequest, { machines, errors }: LaunchAnswer): string =>
  `${request.launch} asks for ${request.count} in ${request.pool}, gets ${machines.map(({ id }) => id).join(' ') || 'none'}${errors.length === 0 ? '' : `; ${errors.map(({ code }) => code).join(' ')}`}`;

const subject = (call: Call): string => {
  if (call.name === 'cloud.terminate') return (call.args[0] as TerminateRequest).machines.join(' ');
  if (isHeadWrite(call)) return JSON.stringify(call.args[1]);
  const [first] = call.args;
  if (typeof first === 'string') return first;
  const { sk, pk } = (first ?? {}) as { sk?: string; pk?: string };
  return `${pk ?? ''} ${sk ?? ''}`;
};
