import { describe, expect, test } from '@jest/globals';
import { suggest } from '../../lib/config/suggest';

describe('a suggestion', () => {
  test.each([
    ['drian', 'drain'],
    ['Zones', 'zones'],
    ['expireafter', 'expireAfter'],
    ['marathn', 'marathon'],
  ])('%s means %s', (word, meant) => {
    expect(suggest(word, ['drain', 'zones', 'expireAfter', 'marathon', 'market'])).toBe(meant);
  });

  test('is not made for a word that is like none', () => {
    expect(suggest('colour', ['drain', 'zones'])).toBeUndefined();
  });
});
