/** hold: refuse others' changes for a while. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { ApplyResponse, HoldRequest } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, printAs } from '../output.ts';

interface HoldOptions {
  until?: string;
  reason?: string;
  release?: boolean;
}

function requestOf({ until, reason }: HoldOptions): HoldRequest {
  const lasts = until !== undefined && /^\d+(s|m|h|d)$/.test(until);
  return {
    ...(until === undefined ? {} : lasts ? { for: until } : { until }),
    ...(reason === undefined ? {} : { reason }),
  };
}

export function holdCommand(program: Command): void {
  program
    .command('hold <sandbox>')
    .summary('refuse other people\'s changes for a while')
    .description("refuse others' changes to a sandbox; it ends by itself, and you may change what you hold")
    .option('--until <time>', 'a time from now such as 2h, or a date; default: a day')
    .option('--reason <text>', 'what the others are told')
    .option('--release', 'end it now')
    .action(async (sandbox: string, options: HoldOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const path = `/sandboxes/${encodeURIComponent(sandbox)}/hold`;
      if (options.release === true) {
        if (options.until !== undefined || options.reason !== undefined) throw new SdpError('invalid_request', '--release takes neither --until nor --reason.');
        const answer = await client.request<ApplyResponse>('DELETE', path);
        const held = answer.results.some(({ outcome }) => outcome !== 'unchanged');
        return printAs(formatOf(flags.output), answer, [sandbox], () => (held ? `${sandbox} is free for everybody` : `${sandbox} was not held`));
      }
      const answer = await client.post<ApplyResponse>(path, requestOf(options));
      const change = answer.results.flatMap(({ changes }) => changes).find((item) => item.path === 'spec.hold.until');
      const end = typeof change?.after === 'string' ? ` until ${change.after}` : '';
      printAs(formatOf(flags.output), answer, [sandbox], () => `${sandbox} is yours${end}; \`sdp hold ${sandbox} --release\` ends it`);
    });
}
