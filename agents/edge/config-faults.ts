/** Rules of haproxy.cfg that do what a sandbox's route asks for: in backends that only sandboxes with faults are led to. */
import { asksForHtml, content, PAGE } from './config-text.ts';
import { FAULT_FIELD, FAULT_STATUS } from './faults.ts';
import { FAULT_PAGE } from './pages.ts';
import { mapPath } from './paths.ts';
import { SANDBOX_FIELD } from './sandbox-value.ts';

/** All that a sandbox without faults costs. */
export const HAS_FAULTS = `{ var(txn.sandbox),field(${SANDBOX_FIELD.faults},|) -m str f }`;

const part = (name: keyof typeof FAULT_FIELD): string => `var(txn.fault_rule),field(${FAULT_FIELD[name]},|)`;
const ruled = '{ var(txn.fault_rule) -m found }';

/** Comes before everything that asks a target. */
export function faultRules(): string[] {
  return [
    'http-request set-var-fmt(txn.called) %[var(txn.key)]|%[path]',
    `http-request set-var(txn.fault_rule) var(txn.called),map_beg(${mapPath('faults')})`,
    `http-request set-var(txn.until) ${part('until')},add(0) if ${ruled}`,
    `http-request set-var(txn.percent) ${part('percent')},add(0) if ${ruled}`,
    `http-request set-var(txn.left) date(0,ms),neg,add(txn.until) if ${ruled}`,
    `http-request set-var(txn.luck) rand(100),neg,add(txn.percent) if ${ruled}`,
    `http-request set-var(txn.fault) ${part('kind')} if ${ruled} { var(txn.left) -m int gt 0 } { var(txn.luck) -m int gt 0 }`,
    'acl fails var(txn.fault) -m str status',
    `http-request set-var(txn.status) ${part('number')} if fails`,
    'http-request reject if { var(txn.fault) -m str reset }',
    '.if feature(LUA)',
    `http-request set-var(txn.delay) ${part('number')} if { var(txn.fault) -m str delay }`,
    'http-request lua.sdp_delay if { var(txn.delay) -m found }',
    '.else',
    'http-request unset-var(txn.fault) if { var(txn.fault) -m str delay }',
    '.endif',
    `http-request return status 200 hdr ${PAGE} fault if fails { var(txn.status) -m str 204 205 304 }`,
    `http-request return status 200 ${content(FAULT_PAGE, 'html')} if fails ${asksForHtml}`,
    `http-request return status 200 ${content(FAULT_PAGE, 'json')} if fails`,
    ...withStatus(),
  ];
}

/** HAProxy takes constants only, so there is a line for each status; most answers meet the first and no other. */
function withStatus(): string[] {
  const statuses = Array.from({ length: FAULT_STATUS.to - FAULT_STATUS.from + 1 }, (_, i) => FAULT_STATUS.from + i);
  return [
    'http-after-response allow if !{ var(txn.status) -m found }',
    ...statuses.map((status) => `http-after-response set-status ${status} if { var(txn.status) -m str ${status} }`),
  ];
}
