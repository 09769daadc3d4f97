/** The one program: server, agent, all-in-one demo, and the command line that talks to a server. */
import { createProgram, runCli } from '../cli/program.ts';
import { agentCommand } from './agent-command.ts';
import { serverCommand } from './server-command.ts';
import { demoCommand } from './demo-command.ts';
import { VERSION } from './version.ts';

const program = createProgram(VERSION, (root) => {
  serverCommand(root);
  agentCommand(root);
  demoCommand(root);
});
process.exitCode = await runCli(program, process.argv.slice(2));
