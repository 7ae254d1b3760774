// The master's event stream: SUBSCRIBED with the whole state, a heartbeat at once and then every 15 virtual seconds,
// and what the master tells (mesos-observed 15-18). When the leader is lost the connection just ends.
import type { MesosEvent } from '../mesos/api';
import type { EmulatedWorld } from '../world';
import type { WorldClock } from './clocks';
import type { Stream } from './exchange';
import { writeJson } from './mesos-json';
import { agentMessage, frameworkInfo, frameworkMessage, statusMessage, taskMessage } from './mesos-messages';
import { record } from './recordio';

const HEARTBEAT_MS = 15_000;
/** The master's --max_operator_event_stream_subscribers: above it the oldest stream is ended. */
const MAX_SUBSCRIBERS = 1_000;

export type Subscribers = {
  /** The answer to SUBSCRIBE; `state` is GET_STATE's member. */
  stream(state: object): Stream;
  /** Ends every stream, as when the master dies. */
  cut(): void;
};

export const createSubscribers = (
  world: EmulatedWorld,
  clock: WorldClock,
  limit = MAX_SUBSCRIBERS,
): Subscribers => {
  const cuts = new Set<() => void>();
  const stream = (state: object): Stream => ({
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    open: (write, cut) => {
      const send = (message: object): void => {
        write(record(writeJson(message)));
      };
      const subscribed = { get_state: state, heartbeat_interval_seconds: HEARTBEAT_MS / 1000 };
      send({ type: 'SUBSCRIBED', subscribed });
      send({ type: 'HEARTBEAT' });
      const endBeats = clock.every(HEARTBEAT_MS, () => {
        send({ type: 'HEARTBEAT' });
      });
      const endEvents = world.mesos.subscribe((event) => {
        if (event.type === 'CONNECTION_LOST') cut();
        else for (const message of messagesOf(world, event)) send(message);
      });
      cuts.add(cut);
      const [oldest] = cuts;
      if (cuts.size > limit) oldest?.();
      return () => {
        endBeats();
        endEvents();
        cuts.delete(cut);
      };
    },
  });
  return {
    stream,
    cut: () => {
      for (const cut of cuts) cut();
    },
  };
};

const messagesOf = (
  world: EmulatedWorld,
  event: Exclude<MesosEvent, { type: 'CONNECTION_LOST' }>,
): readonly object[] => {
  const { type } = event;
  switch (type) {
    case 'AGENT_ADDED': {
      const row = world.mesos.agents().find((agent) => agent.id === event.agentId);
      return row === undefined ? [] : [{ type, agent_added: { agent: agentMessage(row) } }];
    }
    case 'AGENT_REMOVED':
      return [{ type, agent_removed: { agent_id: { value: event.agentId } } }];
    case 'TASK_ADDED':
      return [{ type, task_added: { task: taskMessage(event.task) } }];
    case 'TASK_UPDATED': {
      const status = event.task.statuses.at(-1);
      if (status === undefined) return [];
      const task_updated = {
        framework_id: { value: event.task.frameworkId },
        status: statusMessage(event.task, status),
        state: event.task.state,
      };
      return [{ type, task_updated }];
    }
    case 'FRAMEWORK_ADDED':
      return [{ type, framework_added: { framework: frameworkMessage(event.framework) } }];
    case 'FRAMEWORK_UPDATED':
      return [{ type, framework_updated: { framework: frameworkMessage(event.framework) } }];
    case 'FRAMEWORK_REMOVED':
      return [{ type, framework_removed: { framework_info: frameworkInfo(event.framework) } }];
    default:
      return event satisfies never;
  }
};
