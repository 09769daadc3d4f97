import { LABELS } from '#schema/names';
import type { AddressSwitch } from '../contract.ts';
import type { EngineApi } from './engine-api.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Owner } from './ownership.ts';
import type { RenameGuard } from './rename-guard.ts';

/** What the engine's parts share. */
export interface EngineContext {
  api: EngineApi;
  owner: Owner;
  /** Asked at each switch: the edge may come and go. */
  addressSwitch: () => AddressSwitch | undefined;
  /** Names of images that are reported although SDP did not make them. */
  baseImages: () => readonly string[];
  /** CIDRs that no network of ours may touch. */
  forbidden: () => readonly string[];
  init: boolean;
  locks: KeyedLock;
  renames: RenameGuard;
  /** When a replaced container lost its name, by id (milliseconds): its time to drain counts from then. */
  replacedAt: Map<string, number>;
}

/** The engine's answers, as far as they are used here. */
export interface EndpointInfo {
  NetworkID?: string;
  IPAddress?: string;
  IPAMConfig?: { IPv4Address?: string } | null;
  Aliases?: string[] | null;
}

export interface ContainerSummary {
  Id: string;
  Names: string[];
  State: string;
  Image: string;
  ImageID: string;
  Labels: Record<string, string> | null;
  NetworkSettings?: { Networks?: Record<string, EndpointInfo> | null } | null;
}

export interface ContainerDetail {
  Id: string;
  Name: string;
  RestartCount: number;
  State: {
    Status: string;
    Running: boolean;
    Pid: number;
    ExitCode: number;
    OOMKilled: boolean;
    Error: string;
    StartedAt: string;
  };
  Config: { Labels: Record<string, string> | null };
  NetworkSettings: { Networks: Record<string, EndpointInfo> | null };
}

export interface NetworkDetail {
  Id: string;
  Name: string;
  Labels: Record<string, string> | null;
  IPAM: { Config?: { Subnet?: string; Gateway?: string }[] | null };
  Containers?: Record<string, { Name: string }> | null;
}

/** Name without the leading slash; a legacy link's name has a second one and is not it. */
export function nameOf(container: { Names: string[] } | { Name: string }): string {
  if ('Name' in container) return container.Name.replace(/^\//, '');
  return (container.Names.find((name) => name.lastIndexOf('/') === 0) ?? container.Names[0] ?? '').replace(/^\//, '');
}

export function listContainers(api: EngineApi, labels: readonly string[], signal?: AbortSignal): Promise<ContainerSummary[]> {
  return api.json({
    method: 'GET',
    path: '/containers/json',
    query: { all: true, ...(labels.length > 0 ? { filters: JSON.stringify({ label: labels }) } : {}) },
    signal,
  });
}

/** Everything of one service of one sandbox on this engine, whatever it is called. */
export function listFamily(context: EngineContext, sandboxUid: string, service: string, signal?: AbortSignal): Promise<ContainerSummary[]> {
  return listContainers(
    context.api,
    [
      `${LABELS.installation}=${context.owner.installation}`,
      `${LABELS.node}=${context.owner.node}`,
      `${LABELS.sandbox}=${sandboxUid}`,
      `${LABELS.service}=${service}`,
    ],
    signal,
  );
}
