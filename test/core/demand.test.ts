import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { classify, isDemand, refusalOf } from '../../lib/core/demand';
import { type Reject, REJECT_REASONS, type RejectReason } from '../../lib/core/model/app';
import { anApp, MINUTE, NOW, waiting } from '../builders/fleet';

const app = anApp('/a');
const declined = (counts: Partial<Record<RejectReason, number>>): readonly Reject[] =>
  REJECT_REASONS.map((reason) => ({ reason, declined: counts[reason] ?? 0, processed: 10 }));
const verdict = (more: Parameters<typeof waiting>[2]) => classify(waiting(app, 3, more), NOW).verdict;

describe('a row of the launch queue', () => {
  test('in back-off is a crash loop and never demand, however much it lacks', () => {
    expect(verdict({ backoffMs: 1, rejects: declined({ InsufficientCpus: 9 }) })).toBe('backoff');
  });

  test('that is seconds old waits', () => {
    expect(verdict({ since: NOW - 9_000 })).toBe('waiting');
    expect(verdict({ since: NOW - 11_000 })).toBe('capacity');
  });

  test('that lacks any resource is demand, even where more agents refuse it for its constraints', () => {
    expect(verdict({ rejects: declined({ UnfulfilledConstraint: 40, InsufficientMemory: 1 }) })).toBe(
      'capacity',
    );
  });

  test('without any offer at all is demand', () => {
    expect(verdict({ rejects: [], processedOffers: 0 })).toBe('capacity');
  });

  test('refused by constraint or role is told apart', () => {
    expect(verdict({ rejects: declined({ UnfulfilledConstraint: 3 }) })).toBe('constraint');
    expect(verdict({ rejects: declined({ UnfulfilledRole: 3, UnfulfilledConstraint: 1 }) })).toBe('role');
  });

  test('that waits for its reservation never buys', () => {
    const rejects = declined({ NoCorrespondingReservationFound: 2 });
    expect(verdict({ rejects })).toBe('reservation');
    const resident = { ...app, resident: true };
    const both = declined({ NoCorrespondingReservationFound: 2, InsufficientCpus: 5 });
    expect(classify(waiting(resident, 1, { rejects: both }), NOW).verdict).toBe('reservation');
  });

  test('in a maintenance window waits for its end', () => {
    expect(verdict({ rejects: declined({ AgentMaintenance: 2 }) })).toBe('maintenance');
  });

  test('that is being served just now waits', () => {
    expect(verdict({ rejects: [], lastUsedOfferAt: NOW - 2_000 })).toBe('waiting');
  });

  test('is never demand in back-off and always has a reason', () => {
    const rejects = fc.array(
      fc.record({ reason: fc.constantFrom(...REJECT_REASONS), declined: fc.nat(50), processed: fc.nat(50) }),
    );
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.nat(10 * MINUTE),
        rejects,
        fc.nat(100),
        (backoffMs, age, list, processedOffers) => {
          const item = waiting(app, 1, { backoffMs, since: NOW - age, rejects: list, processedOffers });
          const result = classify(item, NOW);
          expect(result.why).not.toBe('');
          if (backoffMs > 0) expect(isDemand(result.verdict)).toBe(false);
          expect(refusalOf({ ...item, rejects: [...list].reverse() }).split(',').length).toBeLessThanOrEqual(
            10,
          );
        },
      ),
    );
  });
});
