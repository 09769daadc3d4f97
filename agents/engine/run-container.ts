/** Brings a container up and lets it take over, going on from whatever an interrupted earlier run left. */
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import type { Reporter } from '../contract.ts';
import { aborted } from './abort.ts';
import { awaitHealthy } from './await-healthy.ts';
import { discard, stop } from './containers.ts';
import { listFamily, nameOf, type ContainerSummary, type EngineContext } from './context.ts';
import { createContainer, holderOf } from './create-container.ts';
import type { CreateOrder } from './create-options.ts';
import { drain } from './drain.ts';
import { EngineError, engineFailed } from './engine-api.ts';
import { copyFiles } from './files-archive.ts';
import type { HealthMemory } from './health-memory.ts';
import { addressOf, inspect } from './observe.ts';
import { follow, lastOutput } from './output.ts';
import { isOfInstallation, isOldName, isOurContainer, nextName, replacedAtOf } from './ownership.ts';
import { redactor } from './redact.ts';
import { joinUnderAlias, leaveName, tradeNames } from './take-over.ts';

export interface RunOrder extends CreateOrder {
  /** Container that the plan saw under the canonical name. */
  expects: string | null;
}

/** Seconds between SIGTERM and SIGKILL for a replaced container. */
const STOP_SECONDS = 10;

export async function runContainer(
  context: EngineContext,
  health: HealthMemory,
  order: RunOrder,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<{ containerId: string }> {
  const { name } = order.container;
  return context.locks.run(`container:${name}`, async () => {
    try {
      const containerId = await new Rollout(context, health, order, reporter, signal).run();
      return { containerId };
    } catch (error) {
      if (signal.aborted) throw aborted(signal);
      throw engineFailed(`Container ${name} cannot be run`, error);
    }
  });
}

/** Of the new container's start: whether it is one that may be removed when it fails. */
interface Started {
  id: string;
  detach: () => void;
  output: () => Promise<string>;
}

class Rollout {
  private readonly clean: (text: string) => string;

  constructor(
    private readonly context: EngineContext,
    private readonly health: HealthMemory,
    private readonly order: RunOrder,
    private readonly reporter: Reporter,
    private readonly signal: AbortSignal,
  ) {
    this.clean = redactor(order.container.variables);
  }

  async run(): Promise<string> {
    const { context, order, signal } = this;
    const { container } = order;
    this.reporter.event('DEPLOY_STARTED');
    const holder = await this.holder();
    const family = await listFamily(context, order.sandbox.uid, order.service, signal);
    const wanted = this.wantedOf(family, holder);
    if (holder && holder.Id !== wanted?.Id && holder.Id !== order.expects) {
      throw new SdpError(
        'precondition_failed',
        `Container ${container.name} is ${holder.Id.slice(0, 12)} by now, not ${order.expects?.slice(0, 12) ?? 'absent'} as the plan saw it.`,
      );
    }
    // Left behind by runs that something newer superseded.
    const stale = family.filter((one) => one.Id !== wanted?.Id && one.Id !== holder?.Id && !isOldName(nameOf(one)));
    for (const one of stale) await discard(context, one.Id);

    const oldId = holder && holder.Id !== wanted?.Id ? holder.Id : undefined;
    const former = family.filter((one) => one.Id !== wanted?.Id && !stale.includes(one)).map((one) => one.Id);
    const newId = await this.bringUp(wanted, oldId, holder !== undefined && holder.Id === wanted?.Id, former);
    const old = family.filter((one) => isOldName(nameOf(one)) && one.Id !== newId).map((one) => one.Id);
    await this.retire([...(oldId === undefined ? [] : [oldId]), ...old]);
    return newId;
  }

  private async holder(): Promise<ContainerSummary | undefined> {
    const { context, order } = this;
    const { name } = order.container;
    const holder = await holderOf(context, name, this.signal);
    if (!holder) return undefined;
    const labels = holder.Labels ?? {};
    if (isOurContainer(context.owner, labels)
      && labels[LABELS.sandbox] === order.sandbox.uid && labels[LABELS.service] === order.service) return holder;
    const whose = isOfInstallation(context.owner, labels)
      ? `It belongs to service ${labels[LABELS.service]} of sandbox ${labels[LABELS.sandboxName]} on node ${labels[LABELS.node]}.`
      : 'It was not made by this SDP and is not touched.';
    throw new SdpError('name_blocked', `Another container holds the name ${name}. ${whose}`, {
      hint: `Rename or remove it on the node: docker rename ${name} other-name`,
    });
  }

  /** A container with the wanted hash that can still become the one. */
  private wantedOf(family: readonly ContainerSummary[], holder: ContainerSummary | undefined): ContainerSummary | undefined {
    const { hash, image } = this.order.container;
    const same = family.filter((one) =>
      one.Labels?.[LABELS.hash] === hash && one.Labels[LABELS.image] === image
      && one.State !== 'dead' && one.State !== 'removing' && !isOldName(nameOf(one)));
    return same.find((one) => one.Id === holder?.Id) ?? same[0];
  }

  /** Everything up to the switch. Whatever fails before the names are traded leaves the old one as it was. */
  private async bringUp(
    wanted: ContainerSummary | undefined,
    oldId: string | undefined,
    isHolder: boolean,
    former: readonly string[],
  ): Promise<string> {
    const { context, order, reporter } = this;
    const { container } = order;
    const oldAddress = oldId === undefined ? undefined : await this.addressOf(oldId);
    let id = wanted?.Id;
    let detach = (): void => undefined;
    try {
      const started = await this.start(wanted, async () => {
        if (container.replace !== 'recreate') return;
        if (former.length > 0) reporter.log('DEPLOY', `Stopping ${container.name} before its replacement starts`);
        // Those of an earlier replacement that still finish their connections, too.
        for (const one of former) await stop(context, one, STOP_SECONDS);
      }, (made) => (id = made));
      id = started.id;
      detach = started.detach;
      const since = Date.now();
      reporter.event('HEALTH_CHECK_STARTED');
      reporter.log('DEPLOY', `Waiting for ${container.name} to answer on port ${container.port}${container.health ?? ''}`);
      const detail = await awaitHealthy(context, id, container, async () => this.clean(await started.output()), this.signal);
      this.health.note(detail, true);
      reporter.event('HEALTH_CHECK_PASSED', { durationMs: Date.now() - since });
      const takeOver = { network: container.network, canonical: container.name, oldId, newId: id };
      if (!isHolder) await joinUnderAlias(context, takeOver);
      const newAddress = await this.addressOf(id);
      if (oldAddress !== undefined && newAddress !== undefined && oldAddress !== newAddress) {
        await context.addressSwitch()?.readdress(oldAddress, newAddress);
      }
      if (this.signal.aborted) throw aborted(this.signal);
      if (!isHolder) await tradeNames(context, takeOver);
      reporter.event('SWITCH_COMPLETED');
      reporter.log('DEPLOY', `${container.name} serves from ${newAddress ?? 'its address'}`);
      return id;
    } catch (error) {
      // A container that was there before under the canonical name stays, stopped or ill, for people to look at.
      if (!isHolder && (id === undefined || !(await this.tookOver(id)))) {
        const gone = id === undefined || (await discard(context, id).then(() => true, () => false));
        if (gone && oldId !== undefined && container.replace === 'recreate') await this.startAgain(oldId);
      }
      throw error;
    } finally {
      detach();
    }
  }

  /** Creates where needed, copies files, attaches, starts. An address that another took meanwhile is chosen anew. */
  private async start(
    wanted: ContainerSummary | undefined,
    beforeStart: () => Promise<void>,
    onMade: (id: string) => void,
  ): Promise<Started> {
    const { context, order, reporter, signal } = this;
    const { container } = order;
    let from = wanted;
    for (let attempt = 1; ; attempt += 1) {
      let id = from?.Id;
      if (id === undefined) {
        reporter.log('DEPLOY', `Creating ${container.name} from ${container.image}`);
        id = await createContainer(context, order, nextName(container.name, container.hash), signal);
        onMade(id);
      }
      const output = async (): Promise<string> => lastOutput(context, id).catch(() => '');
      if (from?.State === 'running' || from?.State === 'restarting' || from?.State === 'paused') await beforeStart();
      if (from?.State === 'running' || from?.State === 'restarting') return { id, detach: () => undefined, output };
      if (from?.State === 'paused') {
        await context.api.json({ method: 'POST', path: `/containers/${id}/unpause`, also: [409] });
        return { id, detach: () => undefined, output };
      }
      if (from === undefined || from.State === 'created') await copyFiles(context, id, container.files, signal);
      await beforeStart();
      const following = await follow(context, id, (line) => reporter.log('RUN', this.clean(line)));
      try {
        await context.api.json({ method: 'POST', path: `/containers/${id}/start`, also: [304], signal });
        return {
          id,
          detach: following.end,
          output: async () => following.tail() || (await output()),
        };
      } catch (error) {
        following.end();
        if (!(error instanceof EngineError) || !/address already in use/i.test(error.message) || attempt >= 4) throw startFailed(container.name, error);
        await discard(context, id);
        from = undefined;
      }
    }
  }

  /** Whoever stopped the former version (this run, or one that was killed meanwhile): with nothing new it is to serve. */
  private async startAgain(oldId: string): Promise<void> {
    const { context, reporter } = this;
    const { name } = this.order.container;
    const detail = await inspect(context, oldId).catch(() => undefined);
    if (detail?.State.Running === true) return;
    reporter.log('DEPLOY', `Starting the former ${name} again`);
    await context.api.json({ method: 'POST', path: `/containers/${oldId}/start`, also: [304] }).catch((error: unknown) => {
      reporter.log('DEPLOY', `The former ${name} cannot be started again: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** Side by side: one that takes long to drain keeps no other. A run that is cancelled here is over already. */
  private async retire(ids: readonly string[]): Promise<void> {
    const results = await Promise.allSettled(ids.map((id) => this.retireOne(id)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private async retireOne(id: string): Promise<void> {
    const { context, reporter, signal } = this;
    const { container } = this.order;
    await leaveName(context, id, container.network, container.name);
    const detail = await inspect(context, id, signal);
    const since = context.replacedAt.get(id) ?? (detail && replacedAtOf(nameOf(detail))) ?? Date.now();
    context.replacedAt.set(id, since);
    if (detail?.State.Status === 'running') {
      const seconds = Math.max(0, container.drainSeconds - (Date.now() - since) / 1_000);
      reporter.log('DEPLOY', `The former ${container.name} finishes its open connections (at most ${Math.ceil(seconds)} s)`);
      await drain(detail.State.Pid, container.port, seconds, signal);
      await stop(context, id, STOP_SECONDS).catch(() => undefined);
    }
    if (detail) await discard(context, id);
    context.replacedAt.delete(id);
  }

  private async addressOf(id: string): Promise<string | undefined> {
    const detail = await inspect(this.context, id);
    return detail && addressOf(detail);
  }

  /** Unknown counts as taken over: what may be serving is not removed. */
  private async tookOver(id: string): Promise<boolean> {
    const detail = await inspect(this.context, id).catch(() => undefined);
    return detail === undefined || nameOf(detail) === this.order.container.name;
  }
}

function startFailed(name: string, error: unknown): unknown {
  if (error instanceof EngineError && error.status === 400 && /exec|no such file|permission denied/i.test(error.message)) {
    return new SdpError('container_exited', `Container ${name} cannot start: ${error.message}.`, {
      hint: 'The image\'s entry point is missing, not executable, or made for another kind of machine.',
    });
  }
  return error;
}
