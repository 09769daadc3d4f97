/** `POST /api/v1/apply`: several documents, one transaction. */
import { affectedSandboxes } from '../documents/document-service.ts';
import { readDocuments } from '../documents/read-request.ts';
import { audited, type AuditSubject } from '../http/audited.ts';
import { flag, query, type ApiRouter } from '../http/context.ts';
import type { ApiDeps } from './deps.ts';

export function applyRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/apply', async (ctx) => {
    const user = ctx.state.caller.username;
    const dryRun = flag(ctx, 'dryRun');
    const subject: AuditSubject = { user, action: 'apply' };
    const run = async (): Promise<void> => {
      const { writes, locate } = await readDocuments(ctx.req, query(ctx, 'sandbox'));
      const drafts = writes.map((write) => write.draft);
      subject.message = drafts.map((draft) => `${draft.kind.toLowerCase()}/${draft.metadata.name}`).join(' ').slice(0, 500);
      const slugs = affectedSandboxes(drafts);
      const named = drafts.find((draft) => draft.kind === 'Sandbox' || draft.kind === 'Route');
      if (slugs.length === 1 && named !== undefined) subject.sandbox = named.metadata.name;
      ctx.body = await deps.documents.apply(writes, {
        user,
        dryRun,
        message: query(ctx, 'message'),
        ...(locate === undefined ? {} : { locate }),
      });
    };
    await (dryRun ? run() : audited(deps, subject, run));
  });
}
