/** wait: until a sandbox is what it should be, or the time is up (exit code 4). */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { ConditionStatus } from '#schema/status';
import { contextOf, durationMs } from '../context.ts';
import { print } from '../output.ts';
import { waitForDeletion, waitForSandbox } from '../wait.ts';

/** `sandbox/NAME` or `NAME`. */
function sandboxName(reference: string): string {
  const [kind, name] = reference.includes('/') ? reference.split('/', 2) : ['sandbox', reference];
  if (name !== undefined && name !== '' && ['sandbox', 'sandboxes'].includes(kind?.toLowerCase() ?? '')) return name;
  throw new SdpError('invalid_request', `"${reference}" cannot be waited for: give sandbox/NAME.`);
}

export function waitCommand(program: Command): void {
  program
    .command('wait <reference>')
    .description('wait for a sandbox: exits 0, or 4 when the time is up')
    .option('--for <what>', 'condition=TYPE[=STATUS], or delete', 'condition=Ready')
    .option('--timeout <duration>', 'longest wait, such as 90s or 5m', '5m')
    .action(async (reference: string, options: { for: string; timeout: string }, command: Command) => {
      const { client } = await contextOf(command);
      const name = sandboxName(reference);
      const timeoutMs = durationMs(options.timeout);
      if (timeoutMs === undefined) throw new SdpError('invalid_request', `"${options.timeout}" is not a duration, such as 90s or 5m.`);
      if (options.for === 'delete') {
        await waitForDeletion(client, name, timeoutMs);
        print(`sandbox/${name} is gone`);
        return;
      }
      const match = /^condition=([A-Za-z]+)(?:=(True|False|Unknown))?$/i.exec(options.for);
      if (match?.[1] === undefined) throw new SdpError('invalid_request', `"${options.for}" cannot be waited for: condition=Ready or delete.`);
      const word = (match[2] ?? 'True').toLowerCase();
      const status = `${word.charAt(0).toUpperCase()}${word.slice(1)}` as ConditionStatus;
      await waitForSandbox(client, name, { condition: match[1], status }, timeoutMs);
    });
}
