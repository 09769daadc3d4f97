/** What a service's container is given, and where each value comes from: as people see it. */
import type { FileContent, SandboxService } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { FileView, GivenValue, VariablesView, VariableView } from '#schema/http';
import { bytesOf } from '#schema/limits';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { decodedBytes } from '#schema/parse/sizes';
import { suggestion } from '#schema/parse/near';
import type { Inputs, VariableSource, WantedService } from '../model.ts';
import { desiredOf, layeredOf } from '../desired/wanted.ts';
import { originWords, type Given } from '../desired/variables.ts';
import { injectedVariables } from '../plan/run-steps.ts';
import type { LoopContext } from './context.ts';
import { noSandbox } from './no-sandbox.ts';
import { readInputs } from './read-inputs.ts';

/** @throws SdpError not_found for a service that does not run here */
export async function variablesView(loop: LoopContext, slug: string, service: string): Promise<VariablesView> {
  const inputs = await readInputs(loop.store, loop.store, () => loop.store.get('Sandbox', slug));
  if (!inputs) throw noSandbox(slug);
  const desired = desiredOf(inputs, loop.defaults);
  const want = desired.services.find((item) => item.service === slugOf(service));
  if (!want) throw notHere(inputs, service, desired.services);
  const layered = layeredOf(inputs, want.service, entryOf(inputs, want.service));
  const injected = Object.entries(injectedVariables(inputs, want.port));
  const byName = new Map<string, Given<VariableSource>[]>(
    injected.map(([name, value]) => [name, [{ origin: { layer: 'injected' }, value: { kind: 'plain', value } }]]),
  );
  for (const [name, list] of layered.given) byName.set(name, [...(byName.get(name) ?? []), ...list]);
  const problem = want.problem?.reason;
  return {
    sandbox: inputs.sandbox.metadata.name,
    service: want.service,
    variables: sorted(byName).flatMap(([name, list]) => variableView(name, list, want.service)),
    files: [...sorted(layered.givenFiles).flatMap(([path, list]) => fileView(path, list, want.service)), ...upstreamsView(want)],
    ...(problem === undefined ? {} : { problem }),
    warnings: want.warnings,
  };
}

function entryOf({ sandbox: { spec } }: Inputs, service: string): Pick<SandboxService, 'environments' | 'variables'> {
  if (service === GATEWAY_SERVICE) return spec.gateway ?? {};
  return Object.entries(spec.services ?? {}).find(([name]) => slugOf(name) === service)?.[1] ?? {};
}

function notHere(inputs: Inputs, service: string, running: readonly WantedService[]): SdpError {
  const { name } = inputs.sandbox.metadata;
  const names = running.map((item) => item.service);
  if (inputs.catalogue.has(slugOf(service))) {
    return new SdpError('not_found', `${service} does not run in ${name}: it is left to OCP, which gives it its own variables.`, {
      hint: `Running here: ${names.join(', ')}.`,
    });
  }
  return new SdpError('not_found', `${name} has no service "${service}".${suggestion(service, names)}`);
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function variableView(name: string, list: readonly Given<VariableSource>[], service: string): VariableView[] {
  const [winner, ...others] = [...list].reverse().map((given) => givenValue(given, service));
  return winner === undefined ? [] : [{ name, ...winner, overrides: others }];
}

function givenValue({ origin, value }: Given<VariableSource>, service: string): GivenValue {
  return {
    ...(value.kind === 'plain' ? { value: value.value } : { secret: value.version }),
    ...origin,
    source: originWords(origin, service),
  };
}

function fileView(path: string, list: readonly Given<FileContent>[], service: string): FileView[] {
  const [winner, ...others] = [...list].reverse();
  if (winner === undefined) return [];
  const bytes = typeof winner.value === 'string' ? bytesOf(winner.value) : decodedBytes(winner.value.base64);
  const overrides = others.map(({ origin }) => originWords(origin, service));
  return [{ path, bytes, environment: winner.origin.environment ?? '', source: originWords(winner.origin, service), overrides }];
}

function upstreamsView({ upstreams }: WantedService): FileView[] {
  if (upstreams === undefined) return [];
  return [{ path: upstreams.file.path, bytes: bytesOf(upstreams.content), environment: '', source: 'upstreamsFile, made by SDP', overrides: [] }];
}
