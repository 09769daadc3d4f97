/** Rows of the services table: what is wanted and what is, side by side. Pure. */
import type { SandboxSpec } from '#schema/documents';
import type { RouteStatus, SandboxStatus, ServiceStatus } from '#schema/status';

export interface ServiceRow {
  name: string;
  /** The branch or commit that was asked for; absent for a service left to OCP. */
  branch?: string;
  commit?: string;
  pinned: boolean;
  wanted: 'started' | 'stopped' | 'ocp';
  status: ServiceStatus;
  /** Where requests go now. */
  target: RouteStatus['target'];
}

export function serviceRows(spec: SandboxSpec, status: SandboxStatus | undefined): ServiceRow[] {
  const wanted = spec.services ?? {};
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(status?.services ?? {})])];
  const rows = names.map((name): ServiceRow => {
    const want = wanted[name];
    const is = status?.services[name] ?? {};
    const runs = want?.branch !== undefined || want?.commit !== undefined;
    const branch = want?.branch ?? (runs ? is.branch : undefined);
    const commit = is.commit ?? want?.commit;
    return {
      name,
      ...(branch === undefined ? {} : { branch }),
      ...(commit === undefined ? {} : { commit }),
      pinned: want?.commit !== undefined,
      wanted: !runs ? 'ocp' : want?.run === 'stopped' ? 'stopped' : 'started',
      status: is,
      target: is.route?.target ?? (runs ? 'sandbox' : 'ocp'),
    };
  });
  // Services that run here first: they are what the sandbox is about.
  return rows.sort((a, b) => Number(a.wanted === 'ocp') - Number(b.wanted === 'ocp') || a.name.localeCompare(b.name));
}
