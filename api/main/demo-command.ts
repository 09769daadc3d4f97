/** `sdp demo`: control plane, two agents and a demo world in one process; what `npm start` ends in. */
import type { Command } from 'commander';
import { untilAskedToStop } from './signals.ts';

interface DemoFlags {
  root: string;
  port: string;
  dockerSocket: string;
  fresh: boolean;
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('run everything on this machine, with a demo world')
    .option('--root <folder>', 'where everything is kept', '.sdp')
    .option('--port <port>', 'port of the UI and the API', '7070')
    .option('--docker-socket <path>', 'socket of the container engine', '/var/run/docker.sock')
    .option('--fresh', 'first remove everything that a former start made', false)
    .action(async (options: DemoFlags) => {
      process.umask(0o022);
      if (options.fresh) {
        const { removeEverything } = await import('./remove-everything.ts');
        await removeEverything(options);
      }
      const { startAll } = await import('./all-in-one.ts');
      const stopped = untilAskedToStop();
      const all = await startAll({ root: options.root, port: Number(options.port), dockerSocket: options.dockerSocket, stopped });
      await stopped;
      process.stdout.write('\nStopping. Containers stay; `npm start` takes over again.\n');
      await all.stop();
      process.exit(0);
    });
}
