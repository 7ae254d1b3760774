// The Cloud port on EC2.
import type { Filter, Instance } from '@aws-sdk/client-ec2';
import type { Machine } from '../core/model/machine';
import type { Scope } from '../core/model/offering';
import type { Source } from '../core/model/world';
import { Failure } from '../engine/failure';
import type {
  Clock,
  Cloud,
  LaunchAnswer,
  LaunchRequest,
  MarkRequest,
  TerminateAnswer,
  TerminateRequest,
} from '../engine/ports';
import { type AwsOptions, Ec2Connections } from './client';
import { failureOf, offeringErrorKind } from './failures';
import { instancesIn, type InstancesPage, instancesPage } from './instances';
import { markOurs } from './mark';
import { terminateOurs } from './terminate';
import { fleetInput, launchAnswer, machineOf, offeringErrors, TAG } from './translate';

/** One object serves every region that its credentials reach. */
export class Ec2Cloud implements Cloud {
  readonly #connections: Ec2Connections;
  readonly #clock: Clock;

  constructor(options: AwsOptions, connections = new Ec2Connections(options)) {
    this.#connections = connections;
    this.#clock = options.clock;
  }

  machines(scope: Scope, cluster: string): Promise<Source<readonly Machine[]>> {
    return this.#list(scope, [tagFilter(TAG.cluster, cluster)]);
  }

  launched(scope: Scope, cluster: string, launch: string): Promise<Source<readonly Machine[]>> {
    return this.#list(scope, [tagFilter(TAG.cluster, cluster), tagFilter(TAG.launch, launch)]);
  }

  /** One instant fleet, sent once. An error that means "nothing to be had" is an answer, not a failure: the next
   *  offering is the plan's to choose. */
  async launch(request: LaunchRequest): Promise<LaunchAnswer> {
    const input = fleetInput(request);
    const { region } = request.scope;
    const { sdk, effects } = await this.#connections.in(region);
    try {
      const output = await effects.send(new sdk.CreateFleetCommand(input));
      if (output.FleetId === undefined) throw noFleet(request);
      return launchAnswer(request, output);
    } catch (error) {
      const failure = failureOf(error, {
        doing: `Launching ${request.count} for pool ${request.pool} in ${region}`,
        nature: 'effect',
      });
      return shortageOf(request, failure);
    }
  }

  async terminate(request: TerminateRequest): Promise<TerminateAnswer> {
    return terminateOurs(await this.#connections.in(request.scope.region), request);
  }

  async mark(request: MarkRequest): Promise<void> {
    await markOurs(await this.#connections.in(request.scope.region), request);
  }

  /** Closes the sockets; a later call opens new ones. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #list(scope: Scope, filters: readonly Filter[]): Promise<Source<readonly Machine[]>> {
    const at = this.#clock.now();
    const { instances, faults } = await this.#pages(scope, filters);
    const machines = new Map<string, Machine>();
    for (const instance of instances) {
      const machine = machineOf(instance, scope, at);
      if (typeof machine === 'string') faults.push(machine);
      else machines.set(machine.id, machine);
    }
    const value = [...machines.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { at, complete: faults.length === 0, faults, value };
  }

  // A first page that fails tells nothing and is thrown; a later one leaves what came, marked incomplete.
  async #pages(
    scope: Scope,
    filters: readonly Filter[],
  ): Promise<{ instances: Instance[]; faults: string[] }> {
    const instances: Instance[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(scope.region, filters, token).catch((error: unknown) =>
        failureOf(error, { doing: `Listing machines in ${scope.region}`, nature: 'question' }),
      );
      if (page instanceof Failure) {
        if (token === undefined) throw page;
        return { instances, faults: [`Only ${instances.length} machines could be listed. ${page.message}`] };
      }
      for (const { OwnerId } of page.reservations) sameAccount(scope, OwnerId);
      instances.push(...instancesIn(page));
      token = page.next;
    } while (token !== undefined);
    return { instances, faults: [] };
  }

  async #page(region: string, filters: readonly Filter[], token: string | undefined): Promise<InstancesPage> {
    return instancesPage(await this.#connections.in(region), filters, token);
  }
}

const tagFilter = (key: string, value: string): Filter => ({ Name: `tag:${key}`, Values: [literal(value)] });

// EC2 reads `*` and `?` in a filter's value as wildcards.
const literal = (value: string): string => value.replace(/[\\*?]/g, (character) => `\\${character}`);

const sameAccount = (scope: Scope, owner: string | undefined): void => {
  if (scope.account === 'default' || owner === undefined || owner === scope.account) return;
  throw new Failure(
    'permanent',
    `The pool is in account ${scope.account}, but the credentials see the machines of account ${owner}.`,
    { code: 'WrongAccount', advice: 'Give this process a role in the account of the pool.' },
  );
};

// The SDK makes this of an empty or HTML body with status 200. "Launched none" would be a guess, and a second purchase.
const noFleet = (request: LaunchRequest): Failure =>
  new Failure('unknown-outcome', `CreateFleet for pool ${request.pool} answered without the id of a fleet.`, {
    code: 'NoFleet',
    advice: 'That is no answer of EC2; the launch is read back by its tag. Check what proxies stand between.',
  });

// Capacity and quota errors can also be thrown for the fleet as a whole. They are definite: nothing was launched.
const shortageOf = (request: LaunchRequest, failure: Failure): LaunchAnswer => {
  const kind = offeringErrorKind(failure.code);
  const isShortage = kind === 'capacity' || kind === 'quota';
  if (!isShortage || failure.kind === 'throttled') throw failure;
  return {
    machines: [],
    errors: offeringErrors(request.offerings, { code: failure.code, message: failure.message }),
  };
};
