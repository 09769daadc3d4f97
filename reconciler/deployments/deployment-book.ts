/** Deployment records and their events: one writer, so that a state never moves back (E3, E4). */
import type { ErrorBody } from '#schema/errors';
import type { Deployment, DeploymentEvent } from '#schema/records';
import { advance, isTerminal, STATE_AFTER_EVENT, type DeploymentState, type PipelineEvent } from '#schema/states';
import type { RecordStore } from '#specs/store';
import type { Announcer, Clock } from '../contract.ts';

type Records = Pick<RecordStore, 'deployment' | 'putDeployment' | 'addDeploymentEvents'>;

export class DeploymentBook {
  readonly #store: Records;
  readonly #announcer: Announcer;
  readonly #clock: Clock;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: Records, announcer: Announcer, clock: Clock) {
    this.#store = store;
    this.#announcer = announcer;
    this.#clock = clock;
  }

  /** A rollout begins: QUEUED. */
  async open(deployment: Deployment): Promise<Deployment> {
    await this.#store.putDeployment(deployment);
    this.#announcer.deployment(deployment);
    await this.#say(deployment, { event: 'DEPLOY_QUEUED' });
    return deployment;
  }

  /** What became known on the way: hash, commit, node. */
  async learn(
    id: string,
    facts: Partial<Pick<Deployment, 'hash' | 'commit' | 'node'>>,
  ): Promise<Deployment | undefined> {
    return this.#change(id, (deployment) => {
      const next = { ...deployment, ...facts };
      return next.hash === deployment.hash && next.commit === deployment.commit && next.node === deployment.node
        ? undefined
        : next;
    });
  }

  async complete(id: string): Promise<void> {
    await this.#end(id, 'RUNNING', 'DEPLOY_COMPLETED', {});
  }

  async fail(id: string, error: ErrorBody): Promise<void> {
    await this.#end(id, 'FAILED', 'DEPLOY_FAILED', { reason: error.code, message: error.message }, error);
  }

  /** @param reason `Superseded` or `Cancelled` */
  async stop(id: string, reason: string, message: string): Promise<void> {
    await this.#end(id, 'STOPPED', 'DEPLOY_SUPERSEDED', { reason, message });
  }

  /**
   * Stores and announces an agent's journal entry; one that comes twice is stored once. Answers the deployment, if it
   * is known.
   * How a deployment ends is said by reports and counted tries alone: an agent only knows of one try.
   */
  async note(event: DeploymentEvent): Promise<Deployment | undefined> {
    const known = await this.#store.deployment(event.deploymentId);
    const state = STATE_AFTER_EVENT[event.event];
    if (!known || (state !== undefined && isTerminal(state))) return known;
    await this.#store.addDeploymentEvents([event]);
    this.#announcer.deploymentEvent(known.sandbox, event);
    if (state === undefined) return known;
    const changed = await this.#change(event.deploymentId, (deployment) =>
      advance(state) > advance(deployment.state) ? { ...deployment, state } : undefined,
    );
    return changed ?? known;
  }

  async #end(
    id: string,
    state: DeploymentState,
    event: PipelineEvent,
    why: Partial<Pick<Deployment, 'reason' | 'message'>>,
    error?: ErrorBody,
  ): Promise<void> {
    const ended = await this.#change(id, (deployment) => ({
      ...deployment,
      ...why,
      state,
      completedAt: new Date(this.#clock.now()).toISOString(),
    }));
    if (!ended) return;
    await this.#say(ended, { event, ...(why.message ? { message: why.message } : {}), ...(error ? { error } : {}) });
  }

  async #say(deployment: Deployment, what: Pick<DeploymentEvent, 'event' | 'message' | 'error'>): Promise<void> {
    const event: DeploymentEvent = {
      deploymentId: deployment.id,
      at: new Date(this.#clock.now()).toISOString(),
      ...what,
    };
    await this.#store.addDeploymentEvents([event]);
    this.#announcer.deploymentEvent(deployment.sandbox, event);
  }

  /** Reads, changes and writes one record, one change at a time; a terminal one stays. Answers it when it changed. */
  #change(id: string, change: (deployment: Deployment) => Deployment | undefined): Promise<Deployment | undefined> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(async () => {
      const deployment = await this.#store.deployment(id);
      if (!deployment || isTerminal(deployment.state)) return undefined;
      const next = change(deployment);
      if (!next) return undefined;
      await this.#store.putDeployment(next);
      this.#announcer.deployment(next);
      return next;
    });
    const quiet = turn.catch(() => undefined);
    this.#turns.set(id, quiet);
    void quiet.then(() => {
      if (this.#turns.get(id) === quiet) this.#turns.delete(id);
    });
    return turn;
  }
}
