/** Requests, traces and what the doctor found, as lines for a terminal of 80 columns. */
import type { DoctorNode, DoctorView, RequestView, TraceHop, TraceView } from '#schema/http';
import { isEntrance } from '#schema/wire/requests';
import { fitWidths, paint, table, terminalWidth, wrap } from './output.ts';

/** What is short and always asked for comes first: a long path or host name then pushes nothing out of its column. */
const HEADER = ['TIME', 'STATUS', 'MS', 'METHOD', 'SERVICE', 'PATH', 'TARGET'] as const;
/** What is yet to come is hardly narrower. */
const USUAL = [8, 6, 4, 6, 8, 16, 16];
const [PATH, TARGET, MS] = [HEADER.indexOf('PATH'), HEADER.indexOf('TARGET'), HEADER.indexOf('MS')];
/** Of a terminal, where there is none. */
const USUAL_WIDTH = 80;

/**
 * Widths of the columns for these requests and those that follow them. Without a terminal they are those of one of 80, and
 * what is longer goes on to the right, whole. @param total columns; undefined: no terminal, nothing is cut
 */
export function requestWidths(requests: readonly RequestView[], total: number | undefined): number[] {
  const rows = requests.map(cellsOf);
  const natural = USUAL.map((least, index) => Math.max(least, ...rows.map((row) => row[index]?.length ?? 0)));
  if (total === undefined) return fitWidths(natural, HEADER.map((title) => title.length), USUAL_WIDTH);
  const widths = fitWidths(natural, HEADER.map((title) => title.length), total);
  const spare = total - widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  if (spare <= 0) return widths;
  const forTarget = Math.min(Math.floor(spare / 2), 24);
  return widths.map((width, index) => (index === TARGET ? width + forTarget : index === PATH ? width + Math.min(spare - forTarget, 40) : width));
}

/** Where it went, shortly: the host that was asked for, else the address that was dialled. */
export function targetText({ target }: RequestView): string {
  if (target.kind === 'none') return '-';
  const where = target.host ?? target.address ?? '';
  return target.kind === 'node' ? `node ${where}` : where === '' ? target.kind : where;
}

function serviceText(request: RequestView): string {
  return request.service ?? (isEntrance(request) ? 'gateway' : '-');
}

const statusText = ({ status }: Pick<RequestView, 'status'>): string => (status === 0 ? 'none' : String(status));

/** What there is to say beside the columns, in plain words. */
export function notes(request: RequestView): string[] {
  const { failure, fault, location, leaves, status } = request;
  const said: string[] = [];
  if (failure !== undefined) said.push(failure);
  else if (status === 0) said.push('the connection ended without an answer');
  if (fault !== undefined) said.push(`a fault of its route: ${fault}`);
  if (location !== undefined) said.push(leaves === true ? `redirect leaves the sandbox: ${location}` : `redirect to ${location}`);
  return said;
}

const isBad = ({ status, failure }: RequestView): boolean => status === 0 || status >= 500 || failure !== undefined;

/** A hop from another edge is marked, for it is no new call. */
function cellsOf(request: RequestView): string[] {
  const service = request.entry === 'service' ? `>${serviceText(request)}` : serviceText(request);
  return [request.at.slice(11, 19), statusText(request), String(request.durationMs), request.method, service, request.path, targetText(request)];
}

function line(cells: readonly string[], widths: readonly number[], cutting: boolean, decorate: (cell: string, index: number) => string): string {
  return cells
    .map((cell, index) => {
      const width = widths[index] ?? cell.length;
      const shown = cutting && cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
      const padding = ' '.repeat(Math.max(0, width - shown.length));
      return index === MS ? `${padding}${decorate(shown, index)}` : `${decorate(shown, index)}${padding}`;
    })
    .join('  ')
    .trimEnd();
}

export const requestHeader = (widths: readonly number[]): string => line(HEADER, widths, false, (cell) => paint('dim', cell));

/** One line, and below it what there is to say. */
export function requestLines(request: RequestView, widths: readonly number[], cutting: boolean): string[] {
  const bad = isBad(request);
  const status = HEADER.indexOf('STATUS');
  const shown = line(cellsOf(request), widths, cutting, (cell, index) => (bad && index === status ? paint('red', cell) : cell));
  const indent = ' '.repeat(10);
  const colour = request.leaves === true || bad ? 'yellow' : 'dim';
  return [shown, ...notes(request).flatMap((note) => wrap(note, terminalWidth() - 14).map((part, index) => `${indent}${paint(colour, `${index === 0 ? '! ' : '  '}${part}`)}`))];
}

const ENTRY_WORDS: Record<RequestView['entry'], string> = { gateway: 'request to', shared: 'request to', inside: 'call of', service: 'hop to' };

/** As people say it: `call of payment`. */
const hopName = ({ request }: TraceHop): string => `${ENTRY_WORDS[request.entry]} ${request.entry === 'shared' ? 'gateway (shared port)' : isEntrance(request) ? 'gateway' : serviceText(request)}`;

/** @param passedOn the same redirect is told at the hop that made it, further on */
function hopLines(hop: TraceHop, index: number, cause: boolean, passedOn: boolean): string[] {
  const { request } = hop;
  const mark = `${String(index + 1).padStart(3)}  `;
  const indent = ' '.repeat(mark.length);
  const answer = `${statusText(request)} in ${request.durationMs} ms`;
  const head = `${mark}${paint('bold', hopName(hop))} on ${hop.node}: ${isBad(request) ? paint('red', answer) : answer}`;
  const kind = request.target.kind === 'none' ? 'nowhere' : `${request.target.kind} ${[request.target.host, request.target.address].filter((part) => part !== undefined).join(' at ')}`;
  const [what, where] = [`${indent}${request.method} ${request.path}`, `-> ${kind}`];
  const together = what.length + where.length < terminalWidth();
  const lines = together ? [head, `${what} ${where}`] : [head, what, `${indent}${where}`];
  const { location: _location, ...rest } = request;
  for (const note of notes(passedOn ? rest : request)) {
    for (const [part, text] of wrap(note, terminalWidth() - 8).entries()) lines.push(`${indent}${paint('yellow', `${part === 0 ? '! ' : '  '}${text}`)}`);
  }
  if (hop.by === 'time') lines.push(`${indent}${paint('dim', '(found by its time: it carried another request id)')}`);
  if (cause) lines.push(`${indent}${paint('red', '^ failed here')}`);
  return lines;
}

/** Why a hop failed, in one sentence. */
function why({ request }: TraceHop): string {
  if (request.fault !== undefined) return `a fault that the route asks for (${request.fault})`;
  if (request.failure !== undefined) return request.failure;
  return request.status === 0 ? 'the connection ended without an answer' : `it answered ${request.status} itself`;
}

/** The whole trace; the first line is what a tester wants to know. */
export function traceText(trace: TraceView): string {
  const answer = trace.status === undefined ? `no answer (${trace.failure ?? 'for an unknown reason'})` : String(trace.status);
  const lines = [`GET ${trace.url}`, `answered: ${paint('bold', answer)} in ${trace.durationMs} ms`];
  if (trace.status !== undefined && trace.failure !== undefined) lines.push(paint('red', trace.failure));
  if (trace.location !== undefined) {
    lines.push(trace.leaves === true ? paint('yellow', `redirects OUT of the sandbox: ${trace.location}`) : `redirects to ${trace.location}`);
  }
  const cause = trace.failedAt === undefined ? undefined : trace.hops[trace.failedAt];
  if (cause !== undefined) {
    const sentence = `at hop ${String((trace.failedAt ?? 0) + 1)}, ${hopName(cause)} on ${cause.node}: ${why(cause)}`;
    lines.push(...wrap(sentence, terminalWidth() - 8).map((part, index) => (index === 0 ? `${paint('red', 'failed')} ${part}` : `  ${part}`)));
  }
  lines.push('');
  if (trace.hops.length === 0) lines.push('No edge told of it within 2 seconds.');
  for (const [index, hop] of trace.hops.entries()) {
    const passedOn = trace.hops.slice(index + 1).some(({ request }) => request.location !== undefined && request.location === hop.request.location);
    lines.push(...hopLines(hop, index, index === trace.failedAt, passedOn));
  }
  if (trace.hops.length > 0 && !trace.hops.some(({ request }) => request.entry === 'inside')) {
    lines.push('', 'No call from inside was seen: the gateway answered itself, or does not pass', 'X-Request-Id on. Calls among OCP\'s own services never come by an edge.');
  }
  lines.push('', paint('dim', `request id ${trace.requestId}`));
  return lines.join('\n');
}

function nodeLines(node: DoctorNode, wide: boolean): string[] {
  const state = node.ok ? paint('green', 'ok') : paint('red', 'failed');
  const lines = [`${paint('bold', node.node)}  ${state}  network.pool ${node.pool}`];
  for (const { level, message } of node.findings) {
    const head = level === 'failed' ? paint('red', 'failed') : paint('yellow', 'note');
    lines.push(...wrap(message, terminalWidth() - 10).map((part, index) => (index === 0 ? `  ${head}: ${part}` : `    ${part}`)));
  }
  if (node.baselines.length > 0) {
    const rows = node.baselines.map((check) => [check.service, check.ok ? 'ok' : 'failed', check.step, check.durationMs, check.message]);
    lines.push(...table(['BASELINE', 'RESULT', 'STEP', 'MS', 'MESSAGE'], rows, wide).split('\n').map((line) => `  ${line}`));
  }
  return lines;
}

export function doctorText(view: DoctorView, wide: boolean): string {
  if (view.nodes.length === 0) return 'No nodes yet: make a token with `sdp nodes token NAME` and start an agent with it.';
  return view.nodes.map((node) => nodeLines(node, wide).join('\n')).join('\n\n');
}
