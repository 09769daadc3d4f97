/** Sandboxes from templates (D5), and how they follow them. */
import { fromTemplate } from '../documents/from-template.ts';
import { takeTemplate, templateView, type TemplateInputs } from '../documents/template-state.ts';
import { audited } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { flag, param, type ApiRouter, type Context } from '../http/context.ts';
import { optionalAnswers, requiredString } from '../http/fields.ts';
import { changerOf } from '../http/force.ts';
import type { ApiDeps } from './deps.ts';
import { assertFree } from './sandboxes.ts';

export function templateRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/templates/:name/clone', (ctx) => clone(ctx, deps));
  router.get('/api/v1/sandboxes/:name/template', async (ctx) => {
    ctx.body = templateView(await inputsOf(deps, param(ctx, 'name')));
  });
  router.post('/api/v1/sandboxes/:name/template', (ctx) => take(ctx, deps));
}

async function clone(ctx: Context, deps: ApiDeps): Promise<void> {
  const user = ctx.state.caller.username;
  const dryRun = flag(ctx, 'dryRun');
  const body = await readObject(ctx.req);
  const name = requiredString(body, 'name');
  const run = async (): Promise<void> => {
    const template = await deps.documents.require('Template', param(ctx, 'name'));
    await assertFree(deps, name);
    const draft = fromTemplate(template, name, optionalAnswers(body, 'parameters'));
    const message = `From template ${template.metadata.name}`;
    ctx.status = dryRun ? 200 : 201;
    ctx.body = await deps.documents.applyDrafts([{ draft }], { user, message, dryRun });
  };
  const subject = { user, action: 'template.clone', sandbox: name, message: `from template ${param(ctx, 'name')}` };
  await (dryRun ? run() : audited(deps, subject, run));
}

async function inputsOf(deps: ApiDeps, name: string): Promise<TemplateInputs> {
  const sandbox = await deps.documents.require('Sandbox', name);
  const origin = sandbox.spec.template;
  const template = origin === undefined ? undefined : await deps.store.get('Template', origin.name);
  const revisions = template === undefined ? [] : await deps.store.revisions('Template', template.metadata.name);
  return { sandbox, template, revisions };
}

/** Like any other write: planned, and refused while somebody holds the sandbox. */
async function take(ctx: Context, deps: ApiDeps): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  const dryRun = flag(ctx, 'dryRun');
  const body = await readObject(ctx.req);
  const run = async (): Promise<void> => {
    const inputs = await inputsOf(deps, name);
    const { draft } = takeTemplate(inputs, optionalAnswers(body, 'parameters'), body['takeTemplate'] === true);
    const message = `Template ${inputs.template?.metadata.name} at revision ${inputs.template?.metadata.revision}`;
    ctx.body = await deps.documents.applyDrafts([{ draft }], { ...changerOf(ctx, deps), message, dryRun });
  };
  await (dryRun ? run() : audited(deps, { user, action: 'template.take', sandbox: name }, run));
}
