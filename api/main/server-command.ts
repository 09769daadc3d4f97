/** `sdp server`: the control plane alone; agents run on their VMs. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import { explainError } from '../cli/output.ts';
import { serverSettings, type ServerFlags } from './server-settings.ts';
import { untilAskedToStop } from './signals.ts';

export function serverCommand(program: Command): void {
  program
    .command('server')
    .description('run the control plane')
    .option('--config <file>', 'YAML file with settings (SDP_CONFIG_FILE)')
    .option('--data-dir <folder>', 'database, logs and keys (SDP_DATA_DIR)')
    .option('--listen <host:port>', 'address to listen on; default 127.0.0.1:7070 (SDP_LISTEN)')
    .option('--insecure-listen', 'listen beyond loopback without TLS (SDP_INSECURE_LISTEN)')
    .option('--store <url>', 'sqlite:/path/to/file (SDP_STORE)')
    .option('--master-key-file <file>', 'key that secrets are encrypted with (SDP_MASTER_KEY_FILE)')
    .option('--accept-lost-secrets', 'start although secrets are encrypted with a key that is lost (SDP_ACCEPT_LOST_SECRETS)')
    .option('--local-socket <path>', 'root-only socket of --local (SDP_LOCAL_SOCKET)')
    .option('--gateway-repository <name>', 'gateway of sandboxes that name none (SDP_GATEWAY_REPOSITORY)')
    .option('--gateway-branch <branch>', 'its branch (SDP_GATEWAY_BRANCH)')
    .option('--admins <names>', 'user names that may change what others hold, with commas (SDP_ADMINS)')
    .option('--audit-syslog <target>', 'send audit entries as they happen: udp://HOST:514, tcp://HOST:601, unix:/dev/log (SDP_AUDIT_SYSLOG)')
    .option('--public-url <url>', 'address that browsers use, behind a proxy (SDP_PUBLIC_URL)')
    .action(async (options: ServerFlags) => {
      const { startControlPlane } = await import('./control-plane.ts');
      const settings = await serverSettings(options);
      const stopped = untilAskedToStop();
      const controlPlane = await startControlPlane(settings);
      process.stderr.write(`The control plane listens on ${controlPlane.url}; \`sdp --local\` uses ${settings.localSocket}.\n`);
      process.on('SIGHUP', () => {
        controlPlane.rereadKeys().then(
          () => process.stderr.write('The key file was read again; `sdp --local secrets rotate` brings every secret under its first key.\n'),
          (thrown: unknown) => process.stderr.write(`${explainError(SdpError.from(thrown))}\n`),
        );
      });
      await stopped;
      await controlPlane.close();
      process.exit(0);
    });
}
