/** env: what a service's container is given, and importing environments. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { ImportEnvironmentRequest, ImportEnvironmentView, VariablesView } from '#schema/http';
import { contextOf } from '../context.ts';
import { importText, variablesText } from '../env-text.ts';
import { readText } from '../files.ts';
import { formatOf, printAs } from '../output.ts';

interface ImportOptions {
  filename: string;
  secret: string[];
  allSecrets?: boolean;
  filesTo?: string;
  rename: string[];
  skip: string[];
  only: string[];
  dryRun?: boolean;
}

const many = (value: string, before: string[]): string[] => [...before, ...value.split(',').filter((part) => part !== '')];

function renames(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.lastIndexOf('=');
      if (at <= 0) throw new SdpError('invalid_request', `--rename ${pair}: give KEY=NAME.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export function envCommands(program: Command): void {
  const env = program.command('env').description("a service's variables and where each comes from; import environments");

  env
    .command('show <sandbox> <service>', { isDefault: true })
    .description('what the container is given, and where each value comes from')
    .action(async (sandbox: string, service: string, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.get<VariablesView>(`/sandboxes/${encodeURIComponent(sandbox)}/services/${encodeURIComponent(service)}/variables`);
      printAs(formatOf(flags.output), view, view.variables.map(({ name }) => name), (wide) => variablesText(view, wide));
    });

  env
    .command('import <environment>')
    .description('take variables from a .env file, or from `oc get configmap,secret -o yaml`')
    .requiredOption('-f, --filename <file>', 'the file; - is standard input')
    .option('--secret <names>', 'make these secrets; commas between several', many, [])
    .option('--all-secrets', 'make everything a secret')
    .option('--files-to <folder>', 'make keys that cannot name a variable files there')
    .option('--rename <key=name>', 'another name for a key', many, [])
    .option('--skip <keys>', 'leave these keys out', many, [])
    .option('--only <objects>', 'only these, such as configmap/payment', many, [])
    .option('--dry-run', 'only say what would happen')
    .addHelpText('after', '\nWhat else is in the environment stays; a secret never becomes a variable again. The rules of\n.env files: api/environments/dotenv.ts. Values of secrets are never shown.')
    .action(async (environment: string, options: ImportOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const body: ImportEnvironmentRequest = {
        text: await readText(options.filename),
        file: options.filename === '-' ? 'standard input' : options.filename,
        secrets: options.secret,
        allSecrets: options.allSecrets === true,
        ...(options.filesTo === undefined ? {} : { filesTo: options.filesTo }),
        rename: renames(options.rename),
        skip: options.skip,
        only: options.only,
      };
      const query = { dryRun: options.dryRun === true ? true : undefined };
      const view = await client.post<ImportEnvironmentView>(`/environments/${encodeURIComponent(environment)}/import`, body, { query });
      printAs(formatOf(flags.output), view, view.entries.map(({ name }) => name), (wide) => importText(view, wide));
    });
}
