/** What the forms of a sandbox's page ask for, as calls of the API: one table, one place. */
import { redirect } from '@remix-run/node';
import { slugOf } from '#schema/names';
import type { Problem } from '#schema/http';
import { problemOf, type Api, type Call, type Result } from './api.server.ts';

export interface Answer {
  intent: string;
  service?: string;
  problem?: Problem;
}

const text = (form: FormData, name: string): string => String(form.get(name) ?? '').trim();

interface Intent {
  call(form: FormData): { path: string; call: Call } | Problem;
  /** Where to go when it went well; otherwise the page stays. */
  next?(form: FormData, name: string): string;
}

const post = (path: string, json: unknown = {}): { path: string; call: Call } => ({
  path,
  call: { method: 'POST', json },
});

const ofService = (form: FormData, action: string) =>
  post(`/services/${encodeURIComponent(text(form, 'service'))}/${action}`);

const INTENTS: Record<string, Intent> = {
  route: {
    call: (form) => {
      const branch = text(form, 'branch');
      const json = { target: text(form, 'target'), ...(branch === '' ? {} : { branch }) };
      return { path: `/routes/${encodeURIComponent(text(form, 'service'))}`, call: { method: 'PUT', json } };
    },
    next: (form, name) => (form.has('branch') ? `/sandboxes/${encodeURIComponent(name)}` : ''),
  },
  deploy: { call: (form) => post('/deploy', form.has('service') ? { services: [text(form, 'service')] } : {}) },
  suspend: { call: () => post('/suspend') },
  resume: { call: () => post('/resume') },
  restart: { call: (form) => ofService(form, 'restart') },
  stop: { call: (form) => ofService(form, 'stop') },
  start: { call: (form) => ofService(form, 'start') },
  clone: {
    call: (form) => post('/clone', { name: text(form, 'name') }),
    next: (form) => `/sandboxes/${encodeURIComponent(slugOf(text(form, 'name')))}`,
  },
  delete: {
    call: (form) =>
      text(form, 'confirm') === text(form, 'expected')
        ? { path: '', call: { method: 'DELETE' } }
        : { ...problemOf(422, 'Not deleted', `Type ${text(form, 'expected')} to delete it.`), code: 'invalid_request' },
    next: () => '/sandboxes',
  },
};

export async function runIntent(api: Api, name: string, form: FormData): Promise<Answer> {
  const intent = text(form, 'intent');
  const service = text(form, 'service');
  const base = { intent, ...(service === '' ? {} : { service }) };
  const entry = INTENTS[intent];
  if (entry === undefined)
    return { ...base, problem: problemOf(400, 'The request is not valid', `There is no action "${intent}".`) };
  const what = entry.call(form);
  if (!('path' in what)) return { ...base, problem: what };
  const result: Result<unknown> = await api.try(`/sandboxes/${encodeURIComponent(name)}${what.path}`, what.call);
  if (!result.ok) return { ...base, problem: result.problem };
  // A form that loads a page asks to end at the sandbox's own address; one in place stays where it is.
  const here = form.has('then') ? `/sandboxes/${encodeURIComponent(name)}` : '';
  const to = entry.next?.(form, name) ?? here;
  if (to !== '') throw redirect(to);
  return base;
}
