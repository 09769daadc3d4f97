/** How a login reaches git: a helper without secrets reads it from descriptors that only this process tree has. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from '#schema/wire/commands';
import { SdpError } from '#schema/errors';

/** Git may connect more than once during one fetch; each time takes one line. */
const COPIES = 16;

/**
 * Git calls it with the question as its argument. The shell's own `read` takes one line, byte by byte, and its own
 * `printf` starts no process, so the password is in no command line and in no environment. The byte that goes back
 * tells the agent that the server asked at all.
 */
const SCRIPT = `#!/bin/sh
case "$1" in
  Username*) IFS= read -r answer <&3 ;;
  Password*) printf 'x' >&4; IFS= read -r answer <&4 ;;
  *) exit 1 ;;
esac
printf '%s\\n' "$answer"
`;

/** Puts the helper into a directory and answers its path. It holds no secret. */
export async function installAskpass(directory: string): Promise<string> {
  const path = join(directory, 'askpass.sh');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present === SCRIPT) return path;
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, SCRIPT, { mode: 0o700 });
  await chmod(temporary, 0o700);
  await rename(temporary, path);
  return path;
}

/** What descriptors 3 and 4 of the git process hold. @throws SdpError git_auth for what no login can be */
export function askpassTexts(credentials: Credentials): [string, string] {
  const { username, password } = credentials;
  // eslint-disable-next-line no-control-regex
  if (username === '' || password === '' || /[\u0000\r\n]/.test(username + password)) {
    throw new SdpError('git_auth', 'That cannot be a login: user name and password are one line each, not empty.', {
      hint: 'Log in again.',
    });
  }
  return [`${username}\n`.repeat(COPIES), `${password}\n`.repeat(COPIES)];
}

/** What must not show in anything that git writes. */
export const secretsOf = (credentials: Credentials): string[] => [
  credentials.password,
  `${credentials.username}:${credentials.password}`,
];
