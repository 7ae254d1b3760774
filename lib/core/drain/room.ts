// Whether there is room for what has to move, on agents that are registered now, after what waits already has been placed.
// Each copy that is granted takes its room from the next.
import type { AppTask } from '../model/app';
import type { Action } from '../model/plan';
import { placeAll, type Want } from '../place';
import { type Host, Supply } from '../supply';
import { copyTally, tallyTasks } from '../tally';
import type { View } from '../view';
import { demandOf, hostsAfter, tallyOf } from '../wanted';
import type { Standing } from './standing';

export type Room = {
  /** How many of so many more find room; they take it. `without` is a task that ends first. */
  /** Machines are on their way that may bring more. */
  readonly coming: boolean;
  take(standing: Pick<Standing, 'app'>, count: number, without?: AppTask): number;
};

/** Work begins at the first question: most looks at a fleet ask none. */
export const roomOf = (view: View, before: readonly Action[]): Room => {
  let hosts: readonly Host[] | undefined;
  return {
    coming: view.coming.length > 0,
    take: ({ app }, count, without) => {
      hosts ??= afterQueue(view, before);
      const agents = view.world.agents.value;
      const byId = new Map(agents.map((agent) => [agent.id, agent]));
      const tasks = app.tasks.filter((task) => task.id !== without?.id);
      const tally = tallyTasks(
        [app.runSpec],
        tasks,
        (task) => byId.get(task.agentId ?? '') ?? { hostname: task.host, attributes: {} },
      );
      const supply = new Supply(hosts);
      const [placed] = placeAll(supply, [{ runSpec: app.runSpec, count }], {
        groupBy: view.spec.marathon.groupBy,
        tally,
      });
      hosts = supply.snapshot();
      return placed?.on.agent ?? 0;
    },
  };
};

const afterQueue = (view: View, before: readonly Action[]): readonly Host[] => {
  const supply = new Supply(hostsAfter(view, before).filter(({ kind }) => kind === 'agent'));
  const wants: readonly Want[] = demandOf(view)
    .queue.filter(({ verdict }) => verdict !== 'backoff')
    .map(({ item }) => ({ runSpec: item.runSpec, count: item.count }));
  const tally = copyTally(tallyOf(view, wants));
  placeAll(supply, wants, { groupBy: view.spec.marathon.groupBy, tally });
  return supply.snapshot();
};
