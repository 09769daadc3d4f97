/** secrets: the keys that they are encrypted with. */
import type { Command } from 'commander';
import type { RotateSecretsView, SecretKeysView } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, paint, printAs, table } from '../output.ts';

/** Keys, and what is to be done next. */
export function secretKeysText({ keys, left }: SecretKeysView): string {
  const word = (key: SecretKeysView['keys'][number]): string => (key.writes ? 'writes' : key.known ? 'reads' : 'missing');
  const lines = [table(['KEY', 'STATE', 'VALUES'], keys.map((key) => [key.id, word(key), key.values]))];
  const unused = keys.filter((key) => key.known && !key.writes && key.values === 0).map(({ id }) => id);
  const missing = keys.filter((key) => !key.known && key.values > 0);
  if (missing.length > 0) lines.push(paint('red', 'Values of a missing key cannot be read: add its line to the key file, or set them again.'));
  if (left > 0 && missing.length === 0) lines.push('Not every value is under the writing key yet: `sdp --local secrets rotate`.');
  if (unused.length > 0) lines.push(`${unused.length === 1 ? `Key ${unused[0]} is` : `Keys ${unused.join(', ')} are`} used by nothing: the line can go.`);
  return lines.join('\n');
}

export function secretsCommand(program: Command): void {
  const secrets = program.command('secrets').description('the keys that secrets are encrypted with');

  secrets
    .command('status')
    .description('which key encrypts how many values, and which can go')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.get<SecretKeysView>('/secrets/keys');
      printAs(formatOf(flags.output), view, view.keys.map(({ id }) => id), () => secretKeysText(view));
    });

  secrets
    .command('rotate')
    .description('read the key file again and bring every secret under its first key (--local)')
    .addHelpText('after', '\nPut a new key as the first line of the key file (`openssl rand -hex 32`), run this,\nthen remove the old line. Nothing stops meanwhile, and no container is replaced.')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.post<RotateSecretsView>('/secrets/rotate');
      const done = `${view.rewrapped} ${view.rewrapped === 1 ? 'value' : 'values'} brought under the key that writes.`;
      printAs(formatOf(flags.output), view, view.keys.map(({ id }) => id), () => `${done}\n${secretKeysText(view)}`);
    });
}
