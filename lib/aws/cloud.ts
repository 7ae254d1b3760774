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
  TerminateAnswer,
  TerminateRequest,
} from '../engine/ports';
import { type AwsOptions, Ec2Connections } from './client';
import { failureOf, offeringErrorKind } from './failures';
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
      return launchAnswer(request, await effects.send(new sdk.CreateFleetCommand(input)));
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
      for (const reservation of page.Reservations ?? []) {
        sameAccount(scope, reservation.OwnerId);
        instances.push(...(reservation.Instances ?? []));
      }
      token = page.NextToken === '' ? undefined : page.NextToken;
    } while (token !== undefined);
    return { instances, faults: [] };
  }

  async #page(region: string, filters: readonly Filter[], token: string | undefined) {
    const { sdk, reads } = await this.#connections.in(region);
    return reads.send(
      new sdk.DescribeInstancesCommand({
        Filters: [...filters],
        MaxResults: PAGE,
        ...(token === undefined ? {} : { NextToken: token }),
      }),
    );
  }
}

/** EC2's own limit for one page. Filter and page size together keep the call in the larger of its two buckets. */
const PAGE = 1000;

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
