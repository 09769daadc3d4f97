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
    .option('--store <url>', 'sqlite:/path/to/file or postgres://user@host/database (SDP_STORE)')
    .option('--store-password-file <file>', "password of PostgreSQL's user, unless PGPASSWORD has it (SDP_STORE_PASSWORD_FILE)")
    .option('--retention-days <days>', 'how long a deleted document can be restored; default 30 (SDP_RETENTION_DAYS)')
    .option('--expire-after <time>', 'suspend a sandbox that nobody uses for so long, or never; default 30d (SDP_EXPIRE_AFTER)')
    .option('--warn-before <time>', 'say so that long before; default 3d (SDP_WARN_BEFORE)')
    .option('--delete-after <time>', 'delete it that long after it expired, or never; default 14d (SDP_DELETE_AFTER)')
    .option('--accept-lost-keys', 'start although keys of stored secrets are lost; set those secrets again (SDP_ACCEPT_LOST_KEYS)')
    .option('--master-key-file <file>', 'key that secrets are encrypted with (SDP_MASTER_KEY_FILE)')
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
      const controlPlane = await Promise.race([startControlPlane(settings), stopped]);
      // Asked to stop while it waited for its turn.
      if (typeof controlPlane === 'string') process.exit(0);
      process.stderr.write(`The control plane listens on ${controlPlane.url}; \`sdp --local\` uses ${settings.localSocket}.\n`);
      process.on('SIGHUP', () => {
        controlPlane.rereadKeys().then(
          () => process.stderr.write('The key file was read again; `sdp --local secrets rotate` brings every secret under its first key.\n'),
          (thrown: unknown) => process.stderr.write(`${explainError(SdpError.from(thrown))}\n`),
        );
      });
      const lost = await Promise.race([stopped.then(() => undefined), controlPlane.lost]);
      if (lost !== undefined) process.stderr.write(`${lost.message}\nThis control plane ends; start it again to have it wait for its turn.\n`);
      await controlPlane.close();
      process.exit(lost === undefined ? 0 : 1);
    });
}
