/** `sdp agent`: the program of a VM. */
import type { Command } from 'commander';
import { untilAskedToStop } from './signals.ts';
import { VERSION } from './version.ts';

export function agentCommand(program: Command): void {
  program
    .command('agent')
    .description('run the agent of this VM')
    .requiredOption('-c, --config <file>', 'the agent\'s YAML file')
    .action(async (options: { config: string }) => {
      // Sources laid out for a build must be readable for whoever runs inside the image.
      process.umask(0o022);
      const { loadAgentConfig } = await import('#agents/config/load-config');
      const { createAgent } = await import('#agents/create-agent');
      const config = await loadAgentConfig(options.config);
      const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${config.node.name}: ${line}\n`);
      const agent = createAgent({ config, version: VERSION, log });
      const stopped = untilAskedToStop();
      await agent.start();
      log(`Agent ${VERSION} started; the control plane is ${config.controlPlane.url}.`);
      await stopped;
      log('Stopping; containers stay.');
      await agent.stop();
      process.exit(0);
    });
}
