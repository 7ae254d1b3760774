// The requests inside the calls that change the world.
import type { LaunchAnswer, LaunchRequest, TerminateRequest } from '../../../lib/engine/ports';
import type { Answer, Call } from '../call';

export const launchIn = (call: Call): LaunchRequest | undefined =>
  call.name === 'cloud.launch' ? (call.args[0] as LaunchRequest) : undefined;

export const endsIn = (call: Call): TerminateRequest | undefined =>
  call.name === 'cloud.terminate' ? (call.args[0] as TerminateRequest) : undefined;

/** The agent that a word to the master is about. */
export const agentIn = (call: Call, ...methods: readonly string[]): string | undefined =>
  methods.some((method) => call.name === `mesos.${method}`) ? String(call.args[0]) : undefined;

export const launchedIn = (answer: Answer): LaunchAnswer['machines'] =>
  answer.kind === 'answered' ? (answer.value as LaunchAnswer).machines : [];
