import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlap, parseNetwork, type Network } from '#schema/cidr';
import type { Store } from '#specs/store';
import type { Subject } from './contract.ts';
import { ana, applyOne, sandbox } from './fixtures.ts';

const name = fc.constantFrom('A', 'B', 'C');
const documentStep = fc.oneof(
  fc.record({
    do: fc.constant('apply' as const),
    name,
    text: fc.nat(3),
    cas: fc.constantFrom('none', 'fresh', 'stale'),
  }),
  fc.record({ do: fc.constant('delete' as const), name }),
  fc.record({ do: fc.constant('finish' as const), name }),
  fc.record({ do: fc.constant('restore' as const), name }),
);
type DocumentStep = typeof documentStep extends fc.Arbitrary<infer T> ? T : never;

/** Does a step; answers the revision that an accepted write must have, if it made one. */
async function doStep(
  store: Store,
  step: DocumentStep,
): Promise<{ uid: string; name: string; revision: number; spec: unknown } | undefined> {
  const stored = await store.get('Sandbox', step.name);
  const version = stored?.metadata.resourceVersion ?? 0;
  try {
    if (step.do === 'finish') {
      if (stored !== undefined) await store.finishFinalizer(stored.metadata.uid, 'sdp/cleanup');
      return undefined;
    }
    const cas =
      step.do !== 'apply' || step.cas === 'none'
        ? {}
        : { resourceVersion: step.cas === 'fresh' ? version : version + 1 };
    const document =
      step.do === 'apply'
        ? (await applyOne(store, sandbox(step.name, { description: String(step.text) }, cas))).document
        : step.do === 'delete'
        ? await store.delete('Sandbox', step.name, ana)
        : await store.restore('Sandbox', step.name, ana);
    return { uid: document.metadata.uid, name: step.name, revision: document.metadata.revision, spec: document.spec };
  } catch (error) {
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(conflict|name_taken|not_found|precondition_failed)$/) as string,
    });
    return undefined;
  }
}

export function propertyContract(subject: Subject): void {
  describe('invariants', () => {
    it('1: never loses an accepted write, and has a revision of each', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(documentStep, { maxLength: 25 }), async (steps) => {
          const store = await subject.elsewhere();
          const accepted: NonNullable<Awaited<ReturnType<typeof doStep>>>[] = [];
          for (const step of steps)
            accepted.push(...[await doStep(store, step)].filter((write) => write !== undefined));
          for (const each of new Set(accepted.map((write) => write.name))) {
            const revisions = await store.revisions('Sandbox', each);
            expect(revisions.map(({ revision }) => revision)).toEqual(
              revisions.map((_, index) => revisions.length - index),
            );
            const uid =
              (await store.get('Sandbox', each))?.metadata.uid ??
              accepted.findLast((write) => write.name === each)?.uid;
            for (const write of accepted.filter((one) => one.uid === uid)) {
              expect(revisions.find(({ revision }) => revision === write.revision)?.spec).toEqual(write.spec);
            }
            const versions = revisions.map(({ resourceVersion }) => resourceVersion);
            expect(versions).toEqual([...versions].sort((left, right) => right - left));
          }
          await store.close();
        }),
        { numRuns: 25 },
      );
    });

    it('1: lets exactly one of concurrent compare-and-set writes win', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 2, max: 12 }), fc.boolean(), async (writers, same) => {
          const { store } = subject;
          const before = await applyOne(store, sandbox('QA', { description: `${Math.random()}` }));
          const { resourceVersion, revision } = before.document.metadata;
          const write = (index: number) =>
            store.apply([sandbox('QA', { description: same ? 'same' : `writer ${index}` }, { resourceVersion })], ana);
          const outcomes = await Promise.allSettled(Array.from({ length: writers }, (_, index) => write(index)));
          const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
          expect(won).toHaveLength(1);
          const stored = await store.get('Sandbox', 'QA');
          expect(stored?.metadata.revision).toBe(revision + 1);
          expect(won[0]?.value[0]?.document).toEqual(stored);
        }),
        { numRuns: 15 },
      );
    });

    it('2: never gives a port of an engine twice, nor overlapping subnets', async () => {
      const claims = fc.array(
        fc.record({
          engine: fc.constantFrom('e1', 'e2'),
          sandbox: fc.constantFrom('A', 'B', 'C', 'D'),
          service: fc.constantFrom('account', 'user'),
          avoid: fc.array(fc.integer({ min: 9001, max: 9008 }), { maxLength: 3 }),
          prefix: fc.integer({ min: 24, max: 28 }),
          release: fc.boolean(),
        }),
        { maxLength: 30 },
      );
      await fc.assert(
        fc.asyncProperty(claims, async (steps) => {
          const store = await subject.elsewhere();
          await Promise.allSettled(
            steps.map(async ({ engine, sandbox: of, service, avoid, prefix, release }) => {
              const claim = { engine, sandboxUid: of, sandbox: of };
              const port = await store.claimPort(
                { ...claim, kind: 'service', service },
                { from: 9001, to: 9008 },
                avoid,
              );
              expect(avoid).not.toContain(port.port);
              await store.claimSubnet(claim, { pool: '10.213.0.0/22', prefix });
              if (release) await store.releaseSandbox(of);
            }),
          ).then((outcomes) => {
            for (const outcome of outcomes) {
              if (outcome.status === 'rejected')
                expect(outcome.reason).toMatchObject({ code: expect.stringContaining('_pool_exhausted') as string });
            }
          });
          const ports = await store.ports();
          expect(new Set(ports.map(({ engine, port }) => `${engine}:${port}`)).size).toBe(ports.length);
          const blocks = (await store.subnets()).map(({ engine, subnet }) => ({ engine, ...(parseNetwork(subnet) as Network) }));
          for (const [index, one] of blocks.entries()) {
            for (const other of blocks.slice(index + 1)) {
              expect(one.engine === other.engine && overlap(one, other)).toBe(false);
            }
          }
          await store.close();
        }),
        { numRuns: 20 },
      );
    });
  });
}
