// An independent judge of plans: it knows the problem and none of the methods. It adds up every machine's load from
// the raw needs in all five dimensions, and every price.
import { add, firstShortage, NOTHING, times } from '../model/resources';
import type { PackedMachine, PackPlan, PackProblem } from './problem';

/** What is wrong with a plan, one sentence each; empty when it is right. */
export const verify = (problem: PackProblem, plan: PackPlan): string[] => [
  ...plan.machines.flatMap((machine, index) => machineFaults(problem, machine, index)),
  ...countFaults(problem, plan),
  ...limitFaults(problem, plan),
  ...unfitFaults(problem, plan),
  ...priceFaults(problem, plan),
];

const machineFaults = (problem: PackProblem, machine: PackedMachine, index: number): string[] => {
  const offering = problem.offerings[machine.offering];
  if (offering === undefined)
    return [`machine ${index} is of offering ${machine.offering}, which does not exist`];
  const faults: string[] = [];
  if (!Number.isInteger(machine.copies) || machine.copies < 1)
    faults.push(`machine ${index} has ${machine.copies} copies`);
  let load = NOTHING;
  for (const { class: of, count } of machine.load) {
    const entry = problem.classes[of];
    if (entry === undefined || !Number.isInteger(count) || count < 1)
      faults.push(`machine ${index} carries ${count} of class ${of}`);
    else load = add(load, times(entry.need, count));
    if (entry?.allowed !== undefined && entry.allowed[machine.offering] !== true)
      faults.push(`class ${of} may not run on offering ${machine.offering} of machine ${index}`);
  }
  const shortage = firstShortage(load, offering.room);
  if (shortage !== undefined)
    faults.push(
      `machine ${index} has ${offering.room[shortage]} ${shortage}, its load needs ${load[shortage]}`,
    );
  return [...faults, ...capFaults(problem, machine, index)];
};

const capFaults = (problem: PackProblem, machine: PackedMachine, index: number): string[] => {
  const grouped = new Map<string, { count: number; cap: number }>();
  for (const { class: of, count } of machine.load) {
    const entry = problem.classes[of];
    const name = entry?.group === undefined ? `class ${of}` : `group ${entry.group}`;
    const known = grouped.get(name) ?? { count: 0, cap: Infinity };
    grouped.set(name, { count: known.count + count, cap: Math.min(known.cap, entry?.perHost ?? 0) });
  }
  return [...grouped].flatMap(([name, { count, cap }]) =>
    count > cap ? [`machine ${index} carries ${count} of ${name}, at most ${cap} may share one`] : [],
  );
};

const countFaults = (problem: PackProblem, plan: PackPlan): string[] => {
  const seen = problem.classes.map(() => 0);
  for (const { copies, load } of plan.machines)
    for (const { class: of, count } of load) seen[of] = (seen[of] ?? 0) + count * copies;
  for (const { class: of, count } of plan.unplaced) seen[of] = (seen[of] ?? 0) + count;
  return problem.classes.flatMap(({ count }, of) =>
    seen[of] === Math.max(0, count)
      ? []
      : [`class ${of} has ${count} tasks, the plan accounts for ${seen[of]}`],
  );
};

const limitFaults = (problem: PackProblem, plan: PackPlan): string[] =>
  problem.limits.flatMap(({ offerings, machines }, index) => {
    const bought = plan.machines.reduce(
      (sum, { offering, copies }) => sum + (offerings.includes(offering) ? copies : 0),
      0,
    );
    return bought > machines ? [`limit ${index} allows ${machines} machines, the plan buys ${bought}`] : [];
  });

const unfitFaults = (problem: PackProblem, plan: PackPlan): string[] =>
  plan.unplaced.flatMap(({ class: of, why }) => {
    const entry = problem.classes[of];
    if (entry === undefined) return [`class ${of} does not exist`];
    const fitsSome =
      entry.perHost >= 1 &&
      problem.offerings.some(
        ({ room, usdPerHour }, index) =>
          usdPerHour >= 0 &&
          usdPerHour < Infinity &&
          (entry.allowed === undefined || entry.allowed[index] === true) &&
          firstShortage(entry.need, room) === undefined,
      );
    if (why === 'fits-nothing' && fitsSome) return [`class ${of} is said to fit nothing, and fits`];
    if (why === 'limit' && !fitsSome) return [`class ${of} is said to be limited, and fits nothing`];
    return [];
  });

const priceFaults = (problem: PackProblem, plan: PackPlan): string[] => {
  const price = plan.machines.reduce(
    (sum, { offering, copies }) => sum + copies * (problem.offerings[offering]?.usdPerHour ?? 0),
    0,
  );
  return Math.abs(price - plan.usdPerHour) > 1e-6 * Math.max(1, price)
    ? [`the plan says $${plan.usdPerHour} an hour, its machines cost $${price}`]
    : [];
};
