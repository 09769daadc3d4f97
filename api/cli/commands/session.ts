/** login, logout, whoami. */
import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { SdpError } from '#schema/errors';
import type { LoginResponse, WhoAmI } from '#schema/http';
import { contextOf } from '../context.ts';
import { readStdin } from '../files.ts';
import { formatOf, print, printAs, table } from '../output.ts';
import { dropToken, keepToken } from '../settings.ts';

/** The local user has no login that could: that is no reason to log in. */
function canFetch(who: WhoAmI, local: boolean): string {
  if (who.canFetch) return 'yes';
  return local ? 'no' : 'no: log in again';
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** Reads a line from the terminal without showing it. */
async function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  process.stdin.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of process.stdin) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return typed;
        if (character === '\u0003') throw new SdpError('cancelled', 'Cancelled.');
        typed = character === '\u007f' || character === '\b' ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stderr.write('\n');
  }
}

async function password(fromStdin: boolean): Promise<string> {
  if (fromStdin) return (await readStdin()).replace(/\r?\n$/, '');
  if (process.stdin.isTTY) return askHidden('Password: ');
  throw new SdpError('invalid_request', 'There is no terminal to ask for the password on.', { hint: 'Pipe it in with --password-stdin.' });
}

export function sessionCommands(program: Command): void {
  program
    .command('login')
    .description('log in with your Bitbucket user name and password')
    .option('-u, --username <name>', 'user name')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (options: { username?: string; passwordStdin?: boolean }, command: Command) => {
      const { client } = await contextOf(command);
      if (client.connection.socket !== undefined) throw new SdpError('invalid_request', 'With --local no login is needed.');
      const username = options.username ?? (process.stdin.isTTY ? await ask('User name: ') : undefined);
      if (username === undefined || username === '') throw new SdpError('invalid_request', 'Give your user name with --username.');
      const body = { username, password: await password(options.passwordStdin === true) };
      const answer = await client.post<LoginResponse>('/login', body);
      await keepToken(client.connection.url, answer.token);
      print(`Logged in to ${client.connection.url} as ${answer.username} until ${answer.expiresAt}.`);
    });

  program
    .command('logout')
    .description('end the session; the server forgets your credentials')
    .action(async (_options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      if (client.connection.token !== undefined) await client.post('/logout');
      await dropToken(client.connection.url);
      print('Logged out.');
    });

  program
    .command('whoami')
    .description('show who you are, and whether the server can fetch for you')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const who = await client.get<WhoAmI>('/whoami');
      printAs(formatOf(flags.output), who, [who.username], () =>
        table(['USER', 'CAN FETCH', 'UNTIL', 'SERVER'], [[who.username, canFetch(who, client.connection.socket !== undefined), who.expiresAt, client.connection.socket ?? client.connection.url]]),
      );
    });
}
