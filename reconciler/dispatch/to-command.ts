/** The moment at which an order becomes a command: id, time, login and secrets come in. */
import type { Command, Credentials } from '#schema/wire/commands';
import { SdpError } from '#schema/errors';
import { hashOf } from '../canonical.ts';
import type { Order } from '../model.ts';
import { allowanceMs } from './deadlines.ts';

export interface DispatchContext {
  epoch: number;
  /** From 1. */
  attempt: number;
  deploymentId: string;
  /** Milliseconds since 1970. */
  now: number;
  credentials?: Credentials;
  /** Secret variables of a `run`. */
  secrets?: Record<string, string>;
}

/** Hash of type, inputs, precondition, attempt, epoch and generation; logins and secret values are no part of it. */
export function commandId(order: Order, attempt: number, epoch: number): string {
  return hashOf({ order, attempt, epoch }).slice(0, 32);
}

export function toCommand(order: Order, context: DispatchContext): Command {
  const { epoch, attempt, deploymentId } = context;
  const base = {
    id: commandId(order, attempt, epoch),
    epoch,
    attempt,
    deadline: new Date(context.now + allowanceMs(order)).toISOString(),
  };
  switch (order.type) {
    case 'fetch': {
      if (!context.credentials) throw new SdpError('needs_login', `A login is needed to fetch ${order.repository}.`);
      return { ...order, ...base, deploymentId, credentials: context.credentials };
    }
    case 'build':
      return { ...order, ...base, deploymentId };
    case 'run': {
      const container = { ...order.container, variables: { ...order.container.variables, ...context.secrets } };
      return { ...order, ...base, deploymentId, container };
    }
    default:
      return { ...order, ...base };
  }
}
