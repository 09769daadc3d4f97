import { describe, expect, it } from 'vitest';
import { sharedFetches } from '../../../../agents/git/shared-fetch.ts';

const me = { username: 'me', password: 'right' };

/** Fetches that were made, in order; each asks, waits its turn, then fetches or shares. */
function asking() {
  const shared = sharedFetches();
  const made: string[] = [];
  const turn = (asked: number, who: string, credentials = me) =>
    shared.fetch(asked, credentials, async () => void made.push(who));
  return { shared, made, turn };
}

describe('one fetch for all who wait', () => {
  it('serves everybody who had asked before it began', async () => {
    const { shared, made, turn } = asking();
    const first = shared.ask();
    const begun = turn(first, 'first');
    const waiting = [shared.ask(), shared.ask(), shared.ask()];
    await begun;
    const outcomes: string[] = [];
    for (const [index, asked] of waiting.entries()) outcomes.push(await turn(asked, `waiting ${index}`));
    expect(made).toEqual(['first', 'waiting 0']);
    expect(outcomes).toEqual(['fetched', 'shared', 'shared']);
  });

  it('is not shared with who asks after it began: the branch may have moved on', async () => {
    const { shared, made, turn } = asking();
    await turn(shared.ask(), 'first');
    await turn(shared.ask(), 'second');
    expect(made).toEqual(['first', 'second']);
  });

  it('is not shared with another login, right or wrong', async () => {
    const { shared, made, turn } = asking();
    const [mine, theirs, wrong] = [shared.ask(), shared.ask(), shared.ask()];
    await turn(mine, 'mine');
    await turn(theirs, 'theirs', { username: 'they', password: 'right' });
    await turn(wrong, 'wrong', { username: 'me', password: 'wrong' });
    expect(made).toEqual(['mine', 'theirs', 'wrong']);
  });

  it('is not shared when it failed', async () => {
    const { shared, made, turn } = asking();
    const [one, two] = [shared.ask(), shared.ask()];
    await expect(shared.fetch(one, me, () => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
    await turn(two, 'two');
    expect(made).toEqual(['two']);
  });
});
