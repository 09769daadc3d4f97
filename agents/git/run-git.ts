/** Runs git through the process runner: local reads and writes, and network calls with a person's login. */
import type { Credentials } from '#schema/wire/commands';
import { SdpError } from '#schema/errors';
import { runProcess, type ProcessResult } from '../process/run-process.ts';
import { askpassTexts, secretsOf } from './askpass.ts';
import { gitArgv, gitEnv } from './git-command.ts';
import { lastLines } from './git-error.ts';

/** For reads and writes that need no network (milliseconds). */
const LOCAL_TIMEOUT_MS = 120_000;
/** Lists of branches and commits may be long. */
const MAX_LOCAL_OUTPUT = 32 << 20;

export interface LocalCall {
  gitDir?: string;
  cwd?: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  input?: string;
  signal?: AbortSignal;
  /** Exit codes that are answers. Default: 0 alone. */
  accept?: readonly number[];
}

export interface NetworkCall {
  gitDir?: string;
  cwd: string;
  args: readonly string[];
  /** Without a trailing colon, such as `https`. */
  protocol: string;
  askpass: string;
  caFile?: string;
  credentials: Credentials;
  timeoutMs: number;
  signal: AbortSignal;
  onLine?: (line: string) => void;
}

const searchPath = (): string => process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Git without network or login. @throws SdpError fetch_failed, disk_full with what git said */
export async function runLocalGit(call: LocalCall): Promise<ProcessResult> {
  const result = await runProcess({
    argv: gitArgv(call.gitDir, call.args),
    env: { ...gitEnv({ path: searchPath() }), ...call.env },
    timeoutMs: LOCAL_TIMEOUT_MS,
    maxOutputBytes: MAX_LOCAL_OUTPUT,
    ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    ...(call.input === undefined ? {} : { input: call.input }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  if (result.truncated) throw new SdpError('fetch_failed', `git ${call.args[0] ?? ''} answered more than 32 MiB.`);
  if ((call.accept ?? [0]).includes(result.code ?? -1)) return result;
  if (/No space left on device/.test(result.stderr)) {
    throw new SdpError('disk_full', 'The disk of this node is full: git could not write.', {
      hint: 'Free some space on the node, then deploy again.',
    });
  }
  const said = lastLines(result.stderr) || `exit code ${result.code ?? result.signal ?? 'unknown'}`;
  throw new SdpError('fetch_failed', `git ${call.args[0] ?? ''} failed: ${said}`);
}

/** Git over the network. The login reaches git's askpass helper alone; a bad exit code is a result. */
export function runNetworkGit(call: NetworkCall): Promise<ProcessResult> {
  const { onLine } = call;
  return runProcess({
    argv: gitArgv(call.gitDir, call.args),
    cwd: call.cwd,
    env: gitEnv({
      path: searchPath(),
      protocol: call.protocol,
      askpass: call.askpass,
      ...(call.caFile === undefined ? {} : { caFile: call.caFile }),
    }),
    timeoutMs: call.timeoutMs,
    signal: call.signal,
    secrets: secretsOf(call.credentials),
    descriptors: askpassTexts(call.credentials),
    ...(onLine === undefined ? {} : { onLine: (line: string) => onLine(line) }),
  });
}
