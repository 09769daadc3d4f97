import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import { attempts } from './attempts.ts';
import { audit } from './audit.ts';
import { deploymentEvents } from './deployment-events.ts';
import { deployments } from './deployments.ts';
import { lifecycles } from './lifecycles.ts';
import { nodes } from './nodes.ts';
import { personalPorts } from './personal-ports.ts';
import { ports } from './ports.ts';
import { releaseAll } from './release.ts';
import { resolutions } from './resolutions.ts';
import { sessions } from './sessions.ts';
import { settings } from './settings.ts';
import { subnets } from './subnets.ts';
import { transitionsOf } from '../documents/transitions.ts';

/** The records beside the documents, each kind from its own file. */
export function recordStore(context: Context): RecordStore {
  return {
    ...resolutions(context),
    ...deployments(context),
    ...deploymentEvents(context),
    ...attempts(context),
    ...ports(context),
    ...personalPorts(context),
    ...subnets(context),
    ...nodes(context),
    ...lifecycles(context),
    ...sessions(context),
    ...audit(context),
    ...settings(context),
    transitions: (sandboxUid, filter) => transitionsOf(context.read, sandboxUid, filter ?? {}),
    releaseSandbox: (sandboxUid) => context.writer.write((tx) => releaseAll(tx, sandboxUid, now(context))),
  };
}
