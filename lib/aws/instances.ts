// One page of DescribeInstances: the question that both the listing and the look before an end ask.
import type { Filter, Instance, Reservation } from '@aws-sdk/client-ec2';
import { Failure } from '../engine/failure';
import type { Ec2Connection } from './client';

/** EC2's own limit for one page. Filter and page size together keep the call in the larger of its two buckets. */
const PAGE = 1000;

export type InstancesPage = {
  readonly reservations: readonly Reservation[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
};

/**
 * @throws what the SDK throws, and Failure('transient') for an answer that holds no list at all. The SDK makes that of
 * an empty or HTML body with status 200 (a proxy's page); EC2 itself always sends the list, empty or not.
 */
export const instancesPage = async (
  { sdk, reads }: Ec2Connection,
  filters: readonly Filter[],
  token: string | undefined,
): Promise<InstancesPage> => {
  const page = await reads.send(
    new sdk.DescribeInstancesCommand({
      Filters: [...filters],
      MaxResults: PAGE,
      ...(token === undefined ? {} : { NextToken: token }),
    }),
  );
  if (page.Reservations === undefined)
    throw new Failure('transient', 'DescribeInstances answered without a list of reservations.', {
      code: 'NoReservations',
      advice: 'That is no answer of EC2. Check the endpoint, and what proxies stand before it.',
    });
  return { reservations: page.Reservations, next: page.NextToken === '' ? undefined : page.NextToken };
};

export const instancesIn = ({ reservations }: InstancesPage): readonly Instance[] =>
  reservations.flatMap(({ Instances }) => Instances ?? []);
