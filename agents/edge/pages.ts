/**
 * Pages that the edge answers with instead of a service: HTML and JSON (RFC 9457), as HAProxy log-format texts.
 * Whatever is filled in at request time is neutral text (see target-value.ts) or checked by the kernel.
 */
import { FAULT_FIELD } from './faults.ts';
import { SANDBOX_FIELD } from './sandbox-value.ts';
import { FIELD, neutralText } from './target-value.ts';

export interface Page {
  /** Names the files and the backend. */
  name: string;
  status: number;
  /** Where the status is known at request time only: what the page says of it. */
  shownStatus?: string;
  title: string;
  /** May hold log-format expressions. */
  detail: string;
}

const field = (name: keyof typeof FIELD): string => `%[var(txn.route),field(${FIELD[name]},|)]`;
const TEXT = `%[var(txn.route),field(${FIELD.text},|),url_dec]`;
const SERVICE = field('service');
const SANDBOX = `%[var(txn.sandbox),field(${SANDBOX_FIELD.name},|)]`;
const CHOOSE =
  'Choose it by the header X-SDP-Sandbox: NAME, or by a host name that begins with its name, such as NAME.example.com.';
const TARGET = `${field('address')} port ${field('port')}`;

/** Answered before any target is asked, each by a backend of its own. */
export const REFUSALS: readonly Page[] = [
  {
    name: 'unused_port',
    status: 404,
    title: 'Nothing lives here',
    detail: 'No sandbox uses port %[fc_dst_port] of this node now. Its sandbox may have been deleted.',
  },
  {
    name: 'unknown_service',
    status: 404,
    title: 'No such service',
    detail:
      `This address answers for the services of sandbox ${SANDBOX}, each under a name of its own such as ` +
      'account.sdp, and the Host of this request names none of them.',
  },
  {
    name: 'other_sandbox',
    status: 403,
    title: 'Another sandbox',
    detail: 'This request comes from a container, and the port belongs to another sandbox: sandboxes cannot call each other.',
  },
  {
    name: 'edges_only',
    status: 403,
    title: 'For the edges of this installation only',
    detail:
      'Service ports answer other nodes of this installation, and the networks in ports.allowFrom of the node. ' +
      'Call the gateway of the sandbox instead.',
  },
  {
    name: 'misdirected',
    status: 421,
    title: 'The port belongs to something else now',
    detail: 'The node that sent this request meant another service; its routes are about to follow.',
  },
  {
    name: 'no_choice',
    status: 400,
    title: 'Which sandbox?',
    detail: `This port serves every sandbox by its name, and the request names none. ${CHOOSE}`,
  },
  {
    name: 'unknown_sandbox',
    status: 404,
    title: 'No such sandbox',
    detail: `No sandbox named %[var(txn.asked)] has a gateway that this port leads to. ${CHOOSE}`,
  },
  { name: 'unavailable', status: 503, title: `${SERVICE} is not available`, detail: TEXT },
  { name: 'unresolved', status: 502, title: `${SERVICE} cannot be found`, detail: TEXT },
];

/** Answered in place of a target because the sandbox's route asks for it; its status is the fault's. */
export const FAULT_PAGE: Page = {
  name: 'fault',
  status: 200,
  shownStatus: '%[var(txn.status)]',
  title: `${SERVICE} is told to fail`,
  detail:
    `The route of sandbox ${SANDBOX} asks for this fault on %[var(txn.fault_rule),field(${FAULT_FIELD.percent},|)] %% of the calls to ` +
    `${SERVICE}, until %[var(txn.fault_rule),field(${FAULT_FIELD.untilText},|),url_dec]. The service itself was not asked.`,
};

/** Answered when a target took a request and ended the connection. */
export const CLOSED_PAGE: Page = {
  name: 'closed',
  status: 502,
  title: `${SERVICE} gave no answer`,
  detail: `${TARGET} took the request and closed the connection without an answer. The log of the service may say why.`,
};

/** HAProxy's own errors while it asks a target. */
export const TARGET_ERRORS: readonly Page[] = [
  { name: 'error_502', status: 502, title: `${SERVICE} gave no valid answer`, detail: `${TARGET} closed the connection or answered something that is not HTTP.` },
  {
    name: 'error_503',
    status: 503,
    title: `${SERVICE} does not answer`,
    detail: `${TARGET} took no connection: it is starting, it is down, or its certificate is not the right one.`,
  },
  { name: 'error_504', status: 504, title: `${SERVICE} took too long`, detail: `${TARGET} did not answer in time.` },
];

export const ALL_PAGES: readonly Page[] = [...REFUSALS, FAULT_PAGE, CLOSED_PAGE, ...TARGET_ERRORS];

/** `hop` names this edge in every page. */
export function renderPage(page: Page, format: 'html' | 'json', node: string): string {
  const hop = `edge of ${neutralText(node).replace(/%/g, '%%')}, %[fe_name] port %[fc_dst_port]`;
  const id = '%[var(txn.rid)]';
  const status = page.shownStatus ?? String(page.status);
  // Whole fragments, empty where the sandbox has no page.
  const link = `%[var(txn.sandbox),field(${SANDBOX_FIELD[format]},|),url_dec]`;
  if (format === 'json') {
    return (
      `{"type":"about:blank","title":"${page.title}","status":${status},"detail":"${page.detail}",` +
      `"hop":"${hop}","sandbox":"${SANDBOX}","service":"${SERVICE}","requestId":"${id}"${link}}\n`
    );
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 38rem; margin: 15vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin-top: 2rem; font-size: .875rem; opacity: .75 }
dd { margin: 0; overflow-wrap: anywhere }
</style></head><body>
<h1>${page.title}</h1>
<p>${page.detail}</p>
<dl><dt>Status</dt><dd>${status}</dd><dt>Answered by</dt><dd>${hop}</dd><dt>Sandbox</dt><dd>${SANDBOX}</dd>
<dt>Service</dt><dd>${SERVICE}</dd><dt>Request</dt><dd>${id}</dd>${link}</dl>
</body></html>
`;
}
