/** One question to one agent, outside of any reconciliation. */
import { randomUUID } from 'node:crypto';
import { SdpError } from '#schema/errors';
import type { CommandOf, CommandResultOf } from '#schema/wire/commands';
import type { Clock, Fleet, FleetNode } from '#reconciler/contract';

type Question = 'trace' | 'doctor';

export interface AskDeps {
  fleet: Pick<Fleet, 'send'>;
  clock: Clock;
  epoch: number;
}

/**
 * @param withinMs until the agent ends it
 * @throws SdpError as the agent answered, node_offline, deadline_exceeded; protocol_skew when its release is too old
 */
export async function askNode<T extends Question>(
  deps: AskDeps,
  node: FleetNode,
  withinMs: number,
  question: { type: T } & Omit<CommandOf<T>, 'type' | 'id' | 'epoch' | 'attempt' | 'deadline'>,
): Promise<CommandResultOf[T]> {
  const { name } = node.hello.node;
  const command = {
    ...question,
    id: `${question.type}-${randomUUID()}`,
    epoch: deps.epoch,
    attempt: 1,
    deadline: new Date(deps.clock.now() + withinMs).toISOString(),
  } as unknown as CommandOf<T> & { type: T };
  try {
    return await deps.fleet.send<T>(name, command);
  } catch (thrown) {
    if (!(thrown instanceof SdpError) || thrown.code !== 'protocol_skew') throw thrown;
    throw new SdpError('protocol_skew', `The agent on ${name} (${node.hello.agentVersion}) is of an older release and does not know "${question.type}".`, {
      hint: `Upgrade the agent on ${name}.`,
      cause: thrown,
    });
  }
}
