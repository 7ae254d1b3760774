// What Auto Scaling keeps: groups, their machines, and hooks that wait for an answer.
import type { Millis } from '../../../core/model/machine';
import { AwsFailure } from '../../aws-failure';
import { createEmitter } from '../../base';
import type { Emitter } from '../../base';
import type { Ticket } from '../../timeline';
import type { TemplateSpecification } from '../api';
import type { Cloud, Vm } from '../cloud';
import type { GroupTag, LifecycleHook, LifecycleState, QueueMessage, Transition } from './api';

export type Waiting = {
  readonly token: string;
  readonly hook: LifecycleHook;
  /** However often a heartbeat is recorded, it waits no longer than this. */
  readonly until: Millis;
  timer: Ticket;
};
export type Member = {
  readonly vm: Vm;
  state: LifecycleState;
  isProtected: boolean;
  /** The member that goes once this one is in service: the zones are being balanced. */
  replaces?: string;
  readonly waiting: Map<string, Waiting>;
};
export type Group = {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Millis;
  readonly min: number;
  readonly max: number;
  readonly subnets: readonly string[];
  readonly template: TemplateSpecification;
  readonly tags: readonly GroupTag[];
  readonly protectsNew: boolean;
  readonly hooks: Map<string, LifecycleHook>;
  readonly suspended: Set<string>;
  readonly members: Map<string, Member>;
  desired: number;
  isConsidered: boolean;
};
export type Groups = {
  readonly cloud: Cloud;
  readonly byName: Map<string, Group>;
  readonly messages: Emitter<QueueMessage>;
};

export const createGroups = (cloud: Cloud): Groups => ({
  cloud,
  byName: new Map(),
  messages: createEmitter<QueueMessage>(),
});

export const groupOf = (groups: Groups, name: string): Group => {
  const group = groups.byName.get(name);
  if (group !== undefined) return group;
  throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
};

export const invalid = (message: string): AwsFailure => new AwsFailure('ValidationError', message);

export const isLeaving = (member: Member): boolean => member.state.startsWith('Terminating');

export const hooksFor = (group: Group, transition: Transition): LifecycleHook[] =>
  [...group.hooks.values()].filter((hook) => hook.LifecycleTransition === transition);
