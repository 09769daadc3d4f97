/** The `sdp` command line: every command that talks to a server. */
import { Command, CommanderError } from 'commander';
import { ERRORS, SdpError } from '#schema/errors';
import { applyCommand } from './commands/apply.ts';
import { auditCommand } from './commands/audit.ts';
import { diffCommand } from './commands/diff.ts';
import { editCommand } from './commands/edit.ts';
import { envCommands } from './commands/env.ts';
import { exportCommand } from './commands/export.ts';
import { followCommands } from './commands/follow.ts';
import { getCommands } from './commands/get.ts';
import { historyCommand } from './commands/history.ts';
import { holdCommand } from './commands/hold.ts';
import { imageCommands } from './commands/images.ts';
import { lifecycleCommands } from './commands/lifecycle.ts';
import { nodeCommands } from './commands/nodes.ts';
import { requestCommands } from './commands/requests.ts';
import { routeCommands } from './commands/route.ts';
import { sandboxCommands } from './commands/sandbox.ts';
import { secretsCommand } from './commands/secrets.ts';
import { sessionCommands } from './commands/session.ts';
import { snapshotCommands } from './commands/snapshot.ts';
import { templateCommands } from './commands/template.ts';
import { timelineCommand } from './commands/timeline.ts';
import { useCommand } from './commands/use.ts';
import { waitCommand } from './commands/wait.ts';
import { conflictLines } from './conflict-text.ts';
import { explainError, FORMATS } from './output.ts';

/** Commander's own code for wrong usage in our table of exit codes. */
const USAGE = 2;

/** @param extend adds the commands that run something instead of asking a server */
export function createProgram(version: string, extend: (program: Command) => void): Command {
  const program = new Command('sdp')
    .description('Sandboxes for feature branches; everything else from OCP.')
    .version(version)
    .option('--server <url>', 'address of the server (SDP_URL)')
    .option('--local', 'talk over the root-only socket on the server\'s own host')
    .option('--socket <path>', 'that socket (SDP_LOCAL_SOCKET)')
    .option('--force', "as an admin, past others' holds")
    // No choices here: `snapshot export` takes a file.
    .option('-o, --output <format>', `output: ${FORMATS.join(', ')}`)
    .showHelpAfterError('(see --help)')
    .exitOverride();
  const commands = [
    sessionCommands, applyCommand, diffCommand, getCommands, editCommand, historyCommand, timelineCommand, sandboxCommands, lifecycleCommands, holdCommand,
    snapshotCommands, templateCommands, envCommands, routeCommands, useCommand, requestCommands, followCommands, waitCommand, exportCommand,
    auditCommand, nodeCommands, imageCommands, secretsCommand,
  ];
  for (const add of commands) add(program);
  extend(program);
  return program;
}

/** Runs a command line; resolves to its exit code. */
export async function runCli(program: Command, argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`sdp logs | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : USAGE;
    const error = SdpError.from(thrown);
    process.stderr.write(`${[...error.conflicts.flatMap(conflictLines), explainError(error)].join('\n')}\n`);
    return ERRORS[error.code].exit;
  }
}
