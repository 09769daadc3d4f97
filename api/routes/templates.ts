/** `POST /api/v1/templates/{name}/clone`: a sandbox from a template (D5). */
import { fromTemplate } from '../documents/drafts.ts';
import { audited } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { flag, param, type ApiRouter } from '../http/context.ts';
import { optionalStringMap, requiredString } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';
import { assertFree } from './sandboxes.ts';

export function templateRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/templates/:name/clone', async (ctx) => {
    const user = ctx.state.caller.username;
    const dryRun = flag(ctx, 'dryRun');
    const body = await readObject(ctx.req);
    const name = requiredString(body, 'name');
    const run = async (): Promise<void> => {
      const template = await deps.documents.require('Template', param(ctx, 'name'));
      await assertFree(deps, name);
      const draft = fromTemplate(template, name, optionalStringMap(body, 'parameters'));
      const message = `From template ${template.metadata.name}`;
      ctx.status = dryRun ? 200 : 201;
      ctx.body = await deps.documents.applyDrafts([{ draft }], { user, message, dryRun });
    };
    const subject = { user, action: 'template.clone', sandbox: name, message: `from template ${param(ctx, 'name')}` };
    await (dryRun ? run() : audited(deps, subject, run));
  });
}
