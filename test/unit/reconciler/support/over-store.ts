/** The loop over a store as it is and simulated agents, in real time. */
import type { Store } from '#specs/store';
import { createReconciler } from '../../../../reconciler/create-reconciler.ts';
import type { Reconciler } from '../../../../reconciler/contract.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import { DEFAULTS } from './world.ts';

/** Starts it and connects every agent. What goes wrong in the loop is in `errors`. */
export async function reconcileOver(
  store: Store,
  fleet: SimulatedFleet,
  settings: { installation: string; publicUrl?: string },
): Promise<{ reconciler: Reconciler; errors: string[] }> {
  const errors: string[] = [];
  const reconciler = createReconciler({
    ...settings,
    store,
    fleet,
    defaults: DEFAULTS,
    epoch: await store.takeLeadership(),
    vault: { credentialsOf: (username) => ({ username, password: 'x' }) },
    announcer: { status: () => undefined, deployment: () => undefined, deploymentEvent: () => undefined, log: () => undefined },
    onError: (uid, error) => void errors.push(`${uid} ${error.message}`),
  });
  await reconciler.start();
  for (const { name, type, engine } of fleet.agents.values()) {
    await store.putNode({ name, type, address: '192.0.2.1', engine, lastSeenAt: new Date().toISOString() });
    fleet.connect(name);
  }
  return { reconciler, errors };
}
